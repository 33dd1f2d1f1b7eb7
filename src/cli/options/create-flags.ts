// SPDX-License-Identifier: Apache-2.0

import { bool, type Flag, integer, list, string, value } from '#cli/flags/flag.ts';
import { parseDuration } from '#cli/format/duration.ts';
import { parseMemory } from '#cli/format/units.ts';
import { checkDeviceRule, parseByteRate, parseOperationRate, parseWeightDevice } from '#cli/options/devices.ts';
import { checkLabel, parseEnv } from '#cli/options/key-values.ts';
import { checkSysctl, parseCpus, parseSwap, parseUlimit } from '#cli/options/limits.ts';
import { parseMount } from '#cli/options/mounts.ts';
import { checkLink, parseAddress, parseExtraHost, parseNetwork, parseSearchDomain } from '#cli/options/networks.ts';

const LARGEST_UINT16 = 65_535;

function parseAttach(text: string): string {
  const stream = text.toLowerCase();
  if (stream === 'stdin' || stream === 'stdout' || stream === 'stderr') return stream;
  throw new Error('valid streams are STDIN, STDOUT and STDERR');
}

const refuseGpus = (): never => {
  throw new Error('could not select device driver "" with capabilities: [[gpu]]');
};

const emptyList = { shownInitial: '[]' };
const emptyMap = { label: 'map', shownInitial: 'map[]' };
const noTime = { initial: 0n };
const hidden = { isHidden: true };
/** Flags that only Windows engines know; given for Linux they are refused. */
export const WINDOWS_FLAGS = ['cpu-count', 'cpu-percent', 'io-maxbandwidth', 'io-maxiops'];

const PROCESS: readonly Flag[] = [
  list('a, attach', 'Attach to STDIN, STDOUT or STDERR', parseAttach),
  list('e, env', 'Set environment variables', (text) => parseEnv(text, process.env)),
  list('env-file', 'Read in a file of environment variables'),
  string('entrypoint', 'Overwrite the default ENTRYPOINT of the image'),
  list('group-add', 'Add additional groups to join'),
  string('h, hostname', 'Container host name'),
  string('domainname', 'Container NIS domain name'),
  bool('i, interactive', 'Keep STDIN open even if not attached'),
  list('l, label', 'Set meta data on a container', checkLabel),
  list('label-file', 'Read in a line delimited file of labels'),
  bool('read-only', "Mount the container's root filesystem as read only"),
  string('restart', 'Restart policy to apply when a container exits', 'no'),
  string('stop-signal', 'Signal to stop the container'),
  integer('stop-timeout', 'Timeout (in seconds) to stop a container'),
  bool('t, tty', 'Allocate a pseudo-TTY'),
  string('u, user', 'Username or UID (format: <name|uid>[:<group|gid>])'),
  string('w, workdir', 'Working directory inside the container'),
  bool('rm', 'Automatically remove the container and its associated anonymous volumes when it exits'),
  bool('init', 'Run an init inside the container that forwards signals and reaps processes'),
  string('cidfile', 'Write the container ID to the file'),
  list('annotation', 'Add an annotation to the container (passed through to the OCI runtime)', undefined, emptyMap),
];

const ISOLATION: readonly Flag[] = [
  list('cap-add', 'Add Linux capabilities'),
  list('cap-drop', 'Drop Linux capabilities'),
  bool('privileged', 'Give extended privileges to this container'),
  list('security-opt', 'Security Options'),
  string('userns', 'User namespace to use'),
  string(
    'cgroupns',
    `Cgroup namespace to use (host|private)
'host':    Run the container in the Docker host's cgroup namespace
'private': Run the container in its own private cgroup namespace
'':        Use the cgroup namespace as configured by the
           default-cgroupns-mode option on the daemon (default)`,
  ),
  string('cgroup-parent', 'Optional parent cgroup for the container'),
  string('ipc', 'IPC mode to use'),
  string('isolation', 'Container isolation technology'),
  string('pid', 'PID namespace to use'),
  string('uts', 'UTS namespace to use'),
  string('runtime', 'Runtime to use for this container'),
  list('device', 'Add a host device to the container'),
  list('device-cgroup-rule', 'Add a rule to the cgroup allowed devices list', checkDeviceRule),
  value('gpus', 'gpu-request', "GPU devices to add to the container ('all' to pass all GPUs)", refuseGpus),
  list('sysctl', 'Sysctl options', checkSysctl, emptyMap),
  list('ulimit', 'Ulimit options', parseUlimit, { label: 'ulimit', ...emptyList }),
];

const NETWORK: readonly Flag[] = [
  list('add-host', 'Add a custom host-to-IP mapping (host:ip)', parseExtraHost),
  list('dns', 'Set custom DNS servers', parseAddress),
  list('dns-opt', 'Set DNS options', undefined, hidden),
  list('dns-option', 'Set DNS options'),
  list('dns-search', 'Set custom DNS search domains', parseSearchDomain),
  list('expose', 'Expose a port or a range of ports'),
  string('ip', 'IPv4 address (e.g., 172.30.100.104)'),
  string('ip6', 'IPv6 address (e.g., 2001:db8::33)'),
  list('link', 'Add link to another container', checkLink),
  list('link-local-ip', 'Container IPv4/IPv6 link-local addresses'),
  string('mac-address', 'Container MAC address (e.g., 92:d0:c6:0a:29:33)'),
  list('p, publish', "Publish a container's port(s) to the host"),
  bool('P, publish-all', 'Publish all exposed ports to random ports'),
  list('net', 'Connect a container to a network', parseNetwork, { label: 'network', ...hidden }),
  list('network', 'Connect a container to a network', parseNetwork, { label: 'network' }),
  list('net-alias', 'Add network-scoped alias for the container', undefined, hidden),
  list('network-alias', 'Add network-scoped alias for the container'),
];

const STORAGE: readonly Flag[] = [
  string('log-driver', 'Logging driver for the container'),
  list('log-opt', 'Log driver options'),
  list('mount', 'Attach a filesystem mount to the container', parseMount, { label: 'mount' }),
  value('shm-size', 'bytes', 'Size of /dev/shm', parseMemory),
  list('storage-opt', 'Storage driver options for the container'),
  list('tmpfs', 'Mount a tmpfs directory'),
  list('v, volume', 'Bind mount a volume'),
  string('volume-driver', 'Optional volume driver for the container'),
  list('volumes-from', 'Mount volumes from the specified container(s)'),
];

const HEALTH: readonly Flag[] = [
  string('health-cmd', 'Command to run to check health'),
  value('health-interval', 'duration', 'Time between running the check (ms|s|m|h) (default 0s)', parseDuration, noTime),
  integer('health-retries', 'Consecutive failures needed to report unhealthy'),
  value(
    'health-start-interval',
    'duration',
    'Time between running the check during the start period (ms|s|m|h) (default 0s)',
    parseDuration,
    noTime,
  ),
  value(
    'health-start-period',
    'duration',
    'Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)',
    parseDuration,
    noTime,
  ),
  value(
    'health-timeout',
    'duration',
    'Maximum time to allow one check to run (ms|s|m|h) (default 0s)',
    parseDuration,
    noTime,
  ),
  bool('no-healthcheck', 'Disable any container-specified HEALTHCHECK'),
];

const LIMITS: readonly Flag[] = [
  integer('blkio-weight', 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)', 0, {
    label: 'uint16',
    minimum: 0,
    maximum: LARGEST_UINT16,
  }),
  list('blkio-weight-device', 'Block IO weight (relative device weight)', parseWeightDevice, emptyList),
  integer('cpu-count', 'CPU count (Windows only)', 0, hidden),
  integer('cpu-percent', 'CPU percent (Windows only)', 0, hidden),
  integer('cpu-period', 'Limit CPU CFS (Completely Fair Scheduler) period'),
  integer('cpu-quota', 'Limit CPU CFS (Completely Fair Scheduler) quota'),
  integer('cpu-rt-period', 'Limit CPU real-time period in microseconds'),
  integer('cpu-rt-runtime', 'Limit CPU real-time runtime in microseconds'),
  integer('c, cpu-shares', 'CPU shares (relative weight)'),
  value('cpus', 'decimal', 'Number of CPUs', parseCpus),
  string('cpuset-cpus', 'CPUs in which to allow execution (0-3, 0,1)'),
  string('cpuset-mems', 'MEMs in which to allow execution (0-3, 0,1)'),
  list('device-read-bps', 'Limit read rate (bytes per second) from a device', parseByteRate, emptyList),
  list('device-read-iops', 'Limit read rate (IO per second) from a device', parseOperationRate, emptyList),
  list('device-write-bps', 'Limit write rate (bytes per second) to a device', parseByteRate, emptyList),
  list('device-write-iops', 'Limit write rate (IO per second) to a device', parseOperationRate, emptyList),
  value(
    'io-maxbandwidth',
    'bytes',
    'Maximum IO bandwidth limit for the system drive (Windows only)',
    parseMemory,
    hidden,
  ),
  integer('io-maxiops', 'Maximum IOps limit for the system drive (Windows only)', 0, { label: 'uint', ...hidden }),
  value('kernel-memory', 'bytes', 'Kernel memory limit', parseMemory),
  value('m, memory', 'bytes', 'Memory limit', parseMemory),
  value('memory-reservation', 'bytes', 'Memory soft limit', parseMemory),
  value('memory-swap', 'bytes', "Swap limit equal to memory plus swap: '-1' to enable unlimited swap", parseSwap),
  integer('memory-swappiness', 'Tune container memory swappiness (0 to 100)', -1),
  bool('oom-kill-disable', 'Disable OOM Killer'),
  integer('oom-score-adj', "Tune host's OOM preferences (-1000 to 1000)"),
  integer('pids-limit', 'Tune container pids limit (set -1 for unlimited)'),
];

/** The flags that describe a container: those of `run` and `create` together. */
export const CONTAINER_FLAGS: readonly Flag[] = [
  ...PROCESS,
  ...ISOLATION,
  ...NETWORK,
  ...STORAGE,
  ...HEALTH,
  ...LIMITS,
];

/** What `run` and `create` have besides. `verb` is `running` or `creating`. */
export function creationFlags(verb: string): Flag[] {
  return [
    bool('disable-content-trust', 'Skip image verification', true),
    // Not -h, which is the host name.
    bool('help', 'Print usage'),
    string('name', 'Assign a name to the container'),
    string('platform', 'Set platform if server is multi-platform capable', process.env.DOCKER_DEFAULT_PLATFORM ?? ''),
    string('pull', `Pull image before ${verb} ("always", "missing", "never")`, 'missing'),
    bool('q, quiet', 'Suppress the pull output'),
    bool('use-api-socket', 'Bind mount Docker API socket and required auth'),
  ];
}
