// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseLogOptions } from '#container/log-options.ts';
import { DEFAULT_SOCKET } from '#core/paths.ts';
import { readConfigFile } from '#daemon/config/file.ts';
import { parseFlags, type Values } from '#daemon/config/flags.ts';
import { type Host, isLoopback, parseHost } from '#daemon/config/host.ts';
import { networkOptions } from '#daemon/config/network-options.ts';
import type { OptionValue, RuntimeTable, UlimitTable } from '#daemon/config/options.ts';
import { parseSizeBytes } from '#daemon/config/parse-value.ts';
import { Reader } from '#daemon/config/reader.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Certificates for TCP listeners; `verify` demands one of the client, signed by `caFile`. */
export interface TlsFiles {
  verify: boolean;
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** What hoyd was told by flags and daemon.json, checked. */
export interface DaemonConfig {
  configFile: string;
  hosts: Host[];
  group: string;
  /** A group that was asked for must exist; the default one need not. */
  groupIsExplicit: boolean;
  dataRoot: string;
  execRoot: string;
  pidfile: string;
  tls?: TlsFiles;
  debug: boolean;
  logLevel: LogLevel;
  logFormat: 'text' | 'json';
  labels: string[];
  shutdownTimeoutSeconds: number;
  liveRestore: boolean;
  experimental: boolean;
  features: Record<string, boolean>;
  /** `''`: the first of crun and runc that works. */
  defaultRuntime: string;
  runtimes: RuntimeTable;
  logDriver: 'json-file' | 'local' | 'none';
  logOptions: Record<string, string>;
  defaultUlimits: UlimitTable;
  defaultShmSizeBytes: number;
  defaultIpcMode: 'private' | 'shareable';
  /** `''`: private on cgroup v2, host on v1. */
  defaultCgroupnsMode: '' | 'host' | 'private';
  defaultStopTimeoutSeconds: number;
  cgroupParent: string;
  init: boolean;
  initPath: string;
  noNewPrivileges: boolean;
  seccompProfile: string;
  dns: string[];
  dnsOptions: string[];
  dnsSearch: string[];
  hostGatewayIps: string[];
  /** `''`: the best one that works on the data root. */
  storageDriver: string;
  storageOptions: string[];
  insecureRegistries: string[];
  registryMirrors: string[];
  maxConcurrentDownloads: number;
  maxConcurrentUploads: number;
  maxDownloadAttempts: number;
  proxies: { http: string; https: string; none: string };
  /** Options of bridge networks as they were given, by key. */
  network: Record<string, OptionValue>;
}

export const DEFAULT_CONFIG_FILE = '/etc/hoy/daemon.json';

/** The configuration that this command line asks for. Throws with a reason that can be shown as it is. */
export function loadConfig(argv: readonly string[]): DaemonConfig {
  const flags = parseFlags(argv);
  const configFile = (flags.get('config-file') as string | undefined) ?? DEFAULT_CONFIG_FILE;
  const file = readConfigFile(configFile, flags, { mustExist: flags.has('config-file') });
  return toConfig(configFile, flags, file);
}

function toConfig(configFile: string, flags: Values, file: Values): DaemonConfig {
  const read = new Reader(flags, file);
  const tls = tlsFiles(read);
  const config: DaemonConfig = {
    configFile,
    hosts: hosts(read, tls),
    group: read.text('group', 'docker'),
    groupIsExplicit: read.has('group'),
    dataRoot: read.path('data-root', '/var/lib/hoy'),
    execRoot: read.path('exec-root', '/run/hoy'),
    pidfile: read.path('pidfile', '/run/hoy.pid'),
    ...(tls && { tls }),
    debug: read.flag('debug', false),
    logLevel: read.flag('debug', false) ? 'debug' : read.oneOf('log-level', LOG_LEVELS, 'info', 'logging level'),
    logFormat: read.oneOf('log-format', ['text', 'json'] as const, 'text', 'log format'),
    labels: labels(read),
    shutdownTimeoutSeconds: read.integer('shutdown-timeout', 15, -1),
    liveRestore: read.flag('live-restore', true),
    experimental: read.flag('experimental', false),
    features: read.table<Record<string, boolean>>('features'),
    ...containerDefaults(read),
    ...imageDefaults(read),
    network: networkOptions(read),
  };
  refuseUnsupported(read);
  checkLogOptions(config);
  return config;
}

function containerDefaults(read: Reader) {
  return {
    defaultRuntime: read.text('default-runtime', ''),
    runtimes: read.joined<RuntimeTable>('runtimes'),
    logDriver: read.oneOf('log-driver', ['json-file', 'local', 'none'] as const, 'json-file', 'log driver'),
    logOptions: read.table<Record<string, string>>('log-opts'),
    defaultUlimits: read.table<UlimitTable>('default-ulimits'),
    defaultShmSizeBytes: parseSizeBytes(read.text('default-shm-size', '64m')),
    defaultIpcMode: read.oneOf('default-ipc-mode', ['private', 'shareable'] as const, 'private', 'default IPC mode'),
    defaultCgroupnsMode: read.oneOf('default-cgroupns-mode', ['', 'host', 'private'] as const, '', 'cgroup namespace'),
    defaultStopTimeoutSeconds: read.integer('default-stop-timeout', 10, -1),
    cgroupParent: read.text('cgroup-parent', ''),
    init: read.flag('init', false),
    initPath: read.text('init-path', ''),
    noNewPrivileges: read.flag('no-new-privileges', false),
    seccompProfile: read.text('seccomp-profile', 'builtin'),
    dns: read.addresses('dns'),
    dnsOptions: read.list('dns-opts'),
    dnsSearch: read.list('dns-search'),
    hostGatewayIps: read.addresses('host-gateway-ips'),
  };
}

function imageDefaults(read: Reader) {
  return {
    storageDriver: read.oneOf(
      'storage-driver',
      ['', 'overlay2', 'fuse-overlayfs', 'vfs'] as const,
      '',
      'storage driver',
    ),
    storageOptions: read.list('storage-opts'),
    insecureRegistries: read.list('insecure-registries'),
    registryMirrors: mirrors(read),
    maxConcurrentDownloads: read.integer('max-concurrent-downloads', 3, 1),
    maxConcurrentUploads: read.integer('max-concurrent-uploads', 5, 1),
    maxDownloadAttempts: read.integer('max-download-attempts', 5, 1),
    proxies: {
      http: read.text('http-proxy', ''),
      https: read.text('https-proxy', ''),
      none: read.text('no-proxy', ''),
    },
  };
}

function hosts(read: Reader, tls: TlsFiles | undefined): Host[] {
  const texts = read.has('hosts') ? read.list('hosts') : [`unix://${DEFAULT_SOCKET}`];
  if (texts.length === 0) throw new Error('no hosts configured');
  const found = texts.map((text) => parseHost(text, { tls: tls !== undefined }));
  const refusedPlain = read.isFalse('tls') || read.isFalse('tlsverify');
  for (const host of found) {
    if (host.kind !== 'tcp' || tls?.verify || refusedPlain || isLoopback(host.address)) continue;
    throw new Error(
      `refusing to listen on ${host.text} without verified client certificates: everyone who reaches it would be root on this machine. ` +
        `Use --tlsverify with --tlscacert, --tlscert and --tlskey, listen on 127.0.0.1, or add --tls=false (or --tlsverify=false) to allow it all the same`,
    );
  }
  return found;
}

function tlsFiles(read: Reader): TlsFiles | undefined {
  const verifyWanted = read.has('tlsverify')
    ? read.flag('tlsverify', false)
    : (process.env.DOCKER_TLS_VERIFY ?? '') !== '';
  // As dockerd: naming --tlsverify at all turns TLS on, and TLS verifies unless it is told not to.
  if (!read.flag('tls', false) && !verifyWanted && !read.has('tlsverify')) return undefined;
  if (read.isFalse('tls') && !verifyWanted) return undefined;
  const directory = process.env.DOCKER_CERT_PATH || process.env.DOCKER_CONFIG || join(homedir(), '.docker');
  return {
    verify: read.has('tlsverify') ? verifyWanted : true,
    caFile: read.path('tlscacert', join(directory, 'ca.pem')),
    certFile: read.path('tlscert', join(directory, 'cert.pem')),
    keyFile: read.path('tlskey', join(directory, 'key.pem')),
  };
}

function labels(read: Reader): string[] {
  const byKey = new Map<string, string>();
  for (const label of read.list('labels')) {
    const at = label.indexOf('=');
    if (at < 1) throw new Error(`bad attribute format: ${label}`);
    const [key, value] = [label.slice(0, at), label.slice(at + 1)];
    const before = byKey.get(key);
    if (before !== undefined && before !== value) {
      throw new Error(`conflict labels for ${key}=${value} and ${key}=${before}`);
    }
    byKey.set(key, value);
  }
  return [...byKey].map(([key, value]) => `${key}=${value}`);
}

function mirrors(read: Reader): string[] {
  return read.list('registry-mirrors').map((text) => {
    const url = URL.parse(text);
    if (!url || !['http:', 'https:'].includes(url.protocol)) {
      throw new Error(`invalid mirror: ${JSON.stringify(text)} is not an http or https address`);
    }
    if (url.search || url.hash || url.username) {
      throw new Error(`invalid mirror: query, fragment or user name in ${JSON.stringify(url.origin + url.pathname)}`);
    }
    return url.href.endsWith('/') ? url.href : `${url.href}/`;
  });
}

/** What every container would be refused for must not wait for the first one. */
function checkLogOptions({ logDriver, logOptions }: DaemonConfig): void {
  try {
    parseLogOptions({ driver: logDriver, options: logOptions });
  } catch (error) {
    throw new Error(`failed to set log opts: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** dockerd's only storage option that does nothing there either. */
const IDLE_STORAGE_OPTION = /^overlay2?\.override_kernel_check=/;

/** Options that promise protection must not be taken and then ignored. */
function refuseUnsupported(read: Reader): void {
  if (read.text('userns-remap', '') !== '') throw new Error('--userns-remap is not supported: leave it out');
  if (read.flag('selinux-enabled', false)) throw new Error('--selinux-enabled is not supported: leave it out');
  if (read.list('authorization-plugins').length > 0) {
    throw new Error('--authorization-plugin is not supported: leave it out');
  }
  for (const option of read.list('storage-opts')) {
    if (IDLE_STORAGE_OPTION.test(option)) continue;
    throw new Error(`storage option ${option} is not supported: leave it out`);
  }
  for (const option of read.list('exec-opts')) {
    const [name, value] = option.split('=', 2);
    if (value === undefined) throw new Error(`invalid exec-opt (${option}): must be formatted 'opt=value'`);
    if (name !== 'native.cgroupdriver') throw new Error(`invalid exec-opt (${option}): unknown option: '${name}'`);
    if (value !== 'cgroupfs') {
      throw new Error(`native.cgroupdriver option "${value}" is not supported: only cgroupfs is`);
    }
  }
}
