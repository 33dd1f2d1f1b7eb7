// SPDX-License-Identifier: Apache-2.0

/** How an option is written as a flag and in daemon.json. */
export interface Option {
  flag: string;
  short?: string;
  /** Its key in daemon.json; the flag's name when absent. Lists have plural keys there, as dockerd's do. */
  key?: string;
  kind: OptionKind;
  help: string;
  /** Belongs to bridge networks: taken and kept, so that a command line for dockerd also starts hoyd. */
  network?: true;
  /** Only on the command line. */
  flagOnly?: true;
}

export type OptionKind = 'string' | 'bool' | 'int' | 'list' | 'pairs' | 'runtimes' | 'ulimits' | 'pools' | 'switches';

/** The value of an option before its meaning is checked. */
export type OptionValue =
  | string
  | boolean
  | number
  | string[]
  | Record<string, string>
  | Record<string, boolean>
  | RuntimeTable
  | UlimitTable
  | AddressPool[];

export type RuntimeTable = Record<string, { path: string; args: string[] }>;
export type UlimitTable = Record<string, { name: string; soft: number; hard: number }>;
export interface AddressPool {
  base: string;
  size: number;
}

const SERVER: readonly Option[] = [
  { flag: 'config-file', kind: 'string', help: 'Daemon configuration file', flagOnly: true },
  { flag: 'validate', kind: 'bool', help: 'Validate daemon configuration and exit', flagOnly: true },
  { flag: 'version', short: 'v', kind: 'bool', help: 'Print version information and quit', flagOnly: true },
  { flag: 'help', short: 'h', kind: 'bool', help: 'Print usage', flagOnly: true },
  { flag: 'host', short: 'H', key: 'hosts', kind: 'list', help: 'Daemon socket(s) to connect to' },
  { flag: 'group', short: 'G', kind: 'string', help: 'Group for the unix socket' },
  { flag: 'data-root', kind: 'string', help: 'Root directory of persistent state' },
  { flag: 'exec-root', kind: 'string', help: 'Root directory for execution state files' },
  { flag: 'pidfile', short: 'p', kind: 'string', help: 'Path to use for daemon PID file' },
  { flag: 'debug', short: 'D', kind: 'bool', help: 'Enable debug mode' },
  { flag: 'log-level', short: 'l', kind: 'string', help: 'Set the logging level' },
  { flag: 'log-format', kind: 'string', help: 'Set the logging format ("text"|"json")' },
  { flag: 'raw-logs', kind: 'bool', help: 'Full timestamps without ANSI coloring' },
  { flag: 'tls', kind: 'bool', help: 'Use TLS; implied by --tlsverify' },
  { flag: 'tlsverify', kind: 'bool', help: 'Use TLS and verify the remote' },
  { flag: 'tlscacert', kind: 'string', help: 'Trust certs signed only by this CA' },
  { flag: 'tlscert', kind: 'string', help: 'Path to TLS certificate file' },
  { flag: 'tlskey', kind: 'string', help: 'Path to TLS key file' },
  { flag: 'label', key: 'labels', kind: 'list', help: 'Set key=value labels to the daemon' },
  { flag: 'shutdown-timeout', kind: 'int', help: 'Set the default shutdown timeout' },
  { flag: 'live-restore', kind: 'bool', help: 'Keep containers running while the engine is down' },
  { flag: 'experimental', kind: 'bool', help: 'Enable experimental features' },
  { flag: 'feature', key: 'features', kind: 'switches', help: 'Enable feature in the daemon' },
];

const CONTAINERS: readonly Option[] = [
  { flag: 'default-runtime', kind: 'string', help: 'Default OCI runtime for containers' },
  {
    flag: 'add-runtime',
    key: 'runtimes',
    kind: 'runtimes',
    help: 'Register an additional OCI compatible runtime',
  },
  { flag: 'log-driver', kind: 'string', help: 'Default driver for container logs' },
  { flag: 'log-opt', key: 'log-opts', kind: 'pairs', help: 'Default log driver options for containers' },
  { flag: 'default-ulimit', key: 'default-ulimits', kind: 'ulimits', help: 'Default ulimits for containers' },
  { flag: 'default-shm-size', kind: 'string', help: 'Default shm size for containers' },
  { flag: 'default-ipc-mode', kind: 'string', help: 'Default mode for containers ipc ("shareable"|"private")' },
  { flag: 'default-cgroupns-mode', kind: 'string', help: 'Default cgroup namespace mode ("host"|"private")' },
  { flag: 'default-stop-timeout', kind: 'int', help: 'Set the default container stop timeout in seconds' },
  { flag: 'cgroup-parent', kind: 'string', help: 'Set parent cgroup for all containers' },
  { flag: 'exec-opt', key: 'exec-opts', kind: 'list', help: 'Runtime execution options' },
  { flag: 'init', kind: 'bool', help: 'Run an init in the container to forward signals and reap processes' },
  { flag: 'init-path', kind: 'string', help: 'Path to the init binary' },
  { flag: 'no-new-privileges', kind: 'bool', help: 'Set no-new-privileges by default for new containers' },
  { flag: 'seccomp-profile', kind: 'string', help: 'Path to seccomp profile, "builtin" or "unconfined"' },
  { flag: 'selinux-enabled', kind: 'bool', help: 'Enable selinux support' },
  { flag: 'userns-remap', kind: 'string', help: 'User/Group setting for user namespaces' },
  { flag: 'authorization-plugin', key: 'authorization-plugins', kind: 'list', help: 'Authorization plugins to load' },
  { flag: 'dns', kind: 'list', help: 'DNS server to use' },
  { flag: 'dns-opt', key: 'dns-opts', kind: 'list', help: 'DNS options to use' },
  { flag: 'dns-search', kind: 'list', help: 'DNS search domains to use' },
  {
    flag: 'host-gateway-ip',
    key: 'host-gateway-ips',
    kind: 'list',
    help: 'IP addresses that "host-gateway" in --add-host resolves to',
  },
];

const IMAGES: readonly Option[] = [
  { flag: 'storage-driver', short: 's', kind: 'string', help: 'Storage driver to use' },
  { flag: 'storage-opt', key: 'storage-opts', kind: 'list', help: 'Storage driver options' },
  {
    flag: 'insecure-registry',
    key: 'insecure-registries',
    kind: 'list',
    help: 'Enable insecure registry communication',
  },
  {
    flag: 'registry-mirror',
    key: 'registry-mirrors',
    kind: 'list',
    help: 'Preferred registry mirror',
  },
  { flag: 'max-concurrent-downloads', kind: 'int', help: 'Set the max concurrent downloads' },
  { flag: 'max-concurrent-uploads', kind: 'int', help: 'Set the max concurrent uploads' },
  {
    flag: 'max-download-attempts',
    kind: 'int',
    help: 'Set the max download attempts for each pull',
  },
  { flag: 'http-proxy', kind: 'string', help: 'HTTP proxy URL to use for outgoing traffic' },
  { flag: 'https-proxy', kind: 'string', help: 'HTTPS proxy URL to use for outgoing traffic' },
  { flag: 'no-proxy', kind: 'string', help: 'Hosts or IP addresses for which the proxy is skipped' },
];

const network = (flag: string, kind: OptionKind, help: string, more: Partial<Option> = {}): Option => ({
  flag,
  kind,
  help,
  network: true,
  ...more,
});

const NETWORKS: readonly Option[] = [
  network('bridge', 'string', 'Attach containers to a network bridge', { short: 'b' }),
  network('bip', 'string', 'IPv4 address for the default bridge'),
  network('bip6', 'string', 'IPv6 address for the default bridge'),
  network('fixed-cidr', 'string', 'IPv4 subnet for the default bridge network'),
  network('fixed-cidr-v6', 'string', 'IPv6 subnet for the default bridge network'),
  network('default-gateway', 'string', 'Default gateway IPv4 address for the default bridge network'),
  network('default-gateway-v6', 'string', 'Default gateway IPv6 address for the default bridge network'),
  network('default-address-pool', 'pools', 'Default address pools for networks', { key: 'default-address-pools' }),
  network('icc', 'bool', 'Enable inter-container communication for the default bridge network'),
  network('ip', 'string', 'Host IP for port publishing from the default bridge network'),
  network('ip-forward', 'bool', 'Enable IP forwarding in system configuration'),
  network('ip-forward-no-drop', 'bool', 'Do not set the filter-FORWARD policy to DROP'),
  network('ip-masq', 'bool', 'Enable IP masquerading for the default bridge network'),
  network('iptables', 'bool', 'Enable addition of packet filter rules'),
  network('ip6tables', 'bool', 'Enable addition of IPv6 packet filter rules'),
  network('ipv6', 'bool', 'Enable IPv6 networking for the default bridge network'),
  network('mtu', 'int', 'Set the MTU for the default "bridge" network'),
  network('firewall-backend', 'string', 'Firewall backend to use'),
  network('userland-proxy', 'bool', 'Use userland proxy for loopback traffic'),
  network('userland-proxy-path', 'string', 'Path to the userland proxy binary'),
];

/** Every option hoyd knows: dockerd's names, so that a unit file or a test that starts dockerd can start hoyd instead. */
export const OPTIONS: readonly Option[] = [...SERVER, ...CONTAINERS, ...IMAGES, ...NETWORKS];

export const keyOf = (option: Option): string => option.key ?? option.flag;

/** Options by their key in daemon.json; options that exist only as flags are left out. */
export const OPTIONS_BY_KEY: ReadonlyMap<string, Option> = new Map(
  OPTIONS.filter((option) => !option.flagOnly).map((option) => [keyOf(option), option]),
);
