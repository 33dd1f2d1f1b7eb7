// SPDX-License-Identifier: Apache-2.0
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { WINDOWS_FLAGS } from '#cli/options/create-flags.ts';
import { isCdiName, parseDevice } from '#cli/options/devices.ts';
import { type HealthJson, readHealthFlags } from '#cli/options/health.ts';
import { readKeyValueFiles, toMap } from '#cli/options/key-values.ts';
import { parseRestartPolicy, type UlimitJson } from '#cli/options/limits.ts';
import { type MountJson, parseTmpfsFlags, parseVolumeFlags } from '#cli/options/mounts.ts';
import { checkMac, type NetworkOption, toEndpoints } from '#cli/options/networks.ts';
import { parsePorts } from '#cli/options/ports.ts';
import { parseSecurityOptions, parseStorageOptions } from '#cli/options/security.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The body of `POST /containers/create`, as far as the command line itself looks at it again. */
export interface CreateBody {
  [field: string]: unknown;
  Image: string;
  Tty: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  Env: string[];
  HostConfig: HostConfigJson;
}

export interface HostConfigJson {
  [field: string]: unknown;
  AutoRemove: boolean;
  ContainerIDFile: string;
  Dns: string[];
  Mounts: MountJson[];
  ConsoleSize: [rows: number, columns: number];
}

/** Reads the flags of `run` and `create` and the words after the image. Throws with Docker's words what can't be. */
export function readCreateBody(flags: FlagValues, words: readonly string[], env: Env): CreateBody {
  const [image = '', ...command] = words;
  refuseWindowsFlags(flags);
  const mac = flags.string('mac-address');
  if (mac) checkMac(mac);
  const volumes = parseVolumeFlags(flags.list('volume'));
  const ports = parsePorts(flags.list('publish'), flags.list('expose'));
  const health = readHealthFlags(flags);
  const attached = readAttachFlags(flags);
  const tty = flags.bool('tty');
  const interactive = flags.bool('interactive');
  return {
    Hostname: flags.string('hostname'),
    Domainname: flags.string('domainname'),
    User: flags.string('user'),
    ...attached,
    ExposedPorts: ports.exposed,
    Tty: tty,
    OpenStdin: interactive,
    // Standard input is closed for good when the client that was attached to it goes.
    StdinOnce: interactive && attached.AttachStdin,
    Env: [...readKeyValueFiles(flags.list('env-file'), env), ...flags.list('env')],
    Cmd: command.length > 0 ? command : null,
    ...(health && { Healthcheck: health satisfies HealthJson }),
    Image: image,
    Volumes: volumes.volumes,
    WorkingDir: flags.string('workdir'),
    Entrypoint: readEntrypoint(flags),
    Labels: toMap([...readKeyValueFiles(flags.list('label-file')), ...flags.list('label')]),
    ...(flags.string('stop-signal') && { StopSignal: flags.string('stop-signal') }),
    ...(flags.isGiven('stop-timeout') && { StopTimeout: flags.number('stop-timeout') }),
    HostConfig: readHostConfig(flags, volumes.binds, ports.bindings),
    NetworkingConfig: { EndpointsConfig: readEndpoints(flags) },
  };
}

function refuseWindowsFlags(flags: FlagValues): void {
  const given = WINDOWS_FLAGS.find((name) => flags.isGiven(name));
  if (!given) return;
  throw new Error(
    `"--${given}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux`,
  );
}

function readAttachFlags(flags: FlagValues): Pick<CreateBody, 'AttachStdin' | 'AttachStdout' | 'AttachStderr'> {
  const streams = flags.list('attach');
  const isDefault = streams.length === 0;
  return {
    AttachStdin: streams.includes('stdin') || flags.bool('interactive'),
    AttachStdout: streams.includes('stdout') || isDefault,
    AttachStderr: streams.includes('stderr') || isDefault,
  };
}

/** `--entrypoint ''` clears the image's; without the flag it stays. */
function readEntrypoint(flags: FlagValues): string[] | null {
  return flags.isGiven('entrypoint') ? [flags.string('entrypoint')] : null;
}

function networksOf(flags: FlagValues): NetworkOption[] {
  return [...flags.list<NetworkOption>('network'), ...flags.list<NetworkOption>('net')];
}

function readEndpoints(flags: FlagValues): object {
  return toEndpoints(networksOf(flags), {
    aliases: [...flags.list('network-alias'), ...flags.list('net-alias')],
    links: flags.list('link'),
    ipv4: flags.string('ip'),
    ipv6: flags.string('ip6'),
    mac: flags.string('mac-address'),
    linkLocal: flags.list('link-local-ip'),
  });
}

function readHostConfig(flags: FlagValues, binds: string[], portBindings: object): HostConfigJson {
  const restart = parseRestartPolicy(flags.string('restart'));
  const autoRemove = flags.bool('rm');
  if (autoRemove && restart.Name !== '' && restart.Name !== 'no') {
    throw new Error('conflicting options: cannot specify both --restart and --rm');
  }
  const security = parseSecurityOptions(flags.list('security-opt'));
  return {
    Binds: binds,
    ContainerIDFile: flags.string('cidfile'),
    LogConfig: readLogConfig(flags),
    NetworkMode: networksOf(flags)[0]?.target ?? 'default',
    PortBindings: portBindings,
    RestartPolicy: restart,
    AutoRemove: autoRemove,
    VolumeDriver: flags.string('volume-driver'),
    VolumesFrom: flags.list('volumes-from'),
    ConsoleSize: [0, 0],
    ...(flags.list('annotation').length > 0 && { Annotations: toMap(flags.list('annotation')) }),
    CapAdd: readCapabilities(flags.list('cap-add')),
    CapDrop: readCapabilities(flags.list('cap-drop')),
    CgroupnsMode: oneOf(flags, 'cgroupns', 'CGROUP', ['', 'private', 'host']),
    Dns: flags.list('dns'),
    DnsOptions: [...flags.list('dns-option'), ...flags.list('dns-opt')],
    DnsSearch: flags.list('dns-search'),
    ExtraHosts: flags.list('add-host'),
    GroupAdd: flags.list('group-add'),
    IpcMode: flags.string('ipc'),
    Links: flags.list('link'),
    OomScoreAdj: flags.number('oom-score-adj'),
    PidMode: oneOf(flags, 'pid', 'PID', ['', 'host', 'container:']),
    Privileged: flags.bool('privileged'),
    PublishAllPorts: flags.bool('publish-all'),
    ReadonlyRootfs: flags.bool('read-only'),
    SecurityOpt: security.securityOpt,
    StorageOpt: parseStorageOptions(flags.list('storage-opt')),
    Tmpfs: parseTmpfsFlags(flags.list('tmpfs')),
    UTSMode: oneOf(flags, 'uts', 'UTS', ['', 'host']),
    UsernsMode: oneOf(flags, 'userns', 'USER', ['', 'host']),
    ShmSize: flags.number('shm-size'),
    Sysctls: toMap(flags.list('sysctl')),
    Runtime: flags.string('runtime'),
    Isolation: flags.string('isolation'),
    Mounts: flags.list<MountJson>('mount'),
    ...(security.unconfinedPaths && { MaskedPaths: [], ReadonlyPaths: [] }),
    ...(flags.isGiven('init') && { Init: flags.bool('init') }),
    ...readResources(flags),
  };
}

/** Capabilities by their full names, each once: `net_raw` is `CAP_NET_RAW`. */
function readCapabilities(names: readonly string[]): string[] {
  const full = names
    .map((name) => name.trim().toUpperCase())
    .map((name) => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`));
  return full.includes('ALL') ? ['ALL'] : [...new Set(full)].sort();
}

function readLogConfig(flags: FlagValues): { Type: string; Config: Record<string, string> } {
  const driver = flags.string('log-driver');
  const options = flags.list('log-opt');
  if (driver === 'none' && options.length > 0) throw new Error(`invalid logging opts for driver ${driver}`);
  return { Type: driver, Config: toMap(options) };
}

/** A namespace mode; one that ends with a colon must be followed by a container. */
function oneOf(flags: FlagValues, name: string, label: string, modes: readonly string[]): string {
  const mode = flags.string(name);
  const fits = modes.some((known) => (known.endsWith(':') ? mode.startsWith(known) && mode !== known : mode === known));
  if (!fits) throw new Error(`--${name}: invalid ${label} mode`);
  return mode;
}

function readResources(flags: FlagValues): Record<string, unknown> {
  const swappiness = flags.number('memory-swappiness');
  if (swappiness < -1 || swappiness > 100) {
    throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  const devices = flags.list('device');
  const cdiNames = devices.filter(isCdiName);
  return {
    CpuShares: flags.number('cpu-shares'),
    Memory: flags.number('memory'),
    NanoCpus: flags.number('cpus'),
    CgroupParent: flags.string('cgroup-parent'),
    BlkioWeight: flags.number('blkio-weight'),
    BlkioWeightDevice: flags.list<object>('blkio-weight-device'),
    BlkioDeviceReadBps: flags.list<object>('device-read-bps'),
    BlkioDeviceWriteBps: flags.list<object>('device-write-bps'),
    BlkioDeviceReadIOps: flags.list<object>('device-read-iops'),
    BlkioDeviceWriteIOps: flags.list<object>('device-write-iops'),
    CpuPeriod: flags.number('cpu-period'),
    CpuQuota: flags.number('cpu-quota'),
    CpuRealtimePeriod: flags.number('cpu-rt-period'),
    CpuRealtimeRuntime: flags.number('cpu-rt-runtime'),
    CpusetCpus: flags.string('cpuset-cpus'),
    CpusetMems: flags.string('cpuset-mems'),
    Devices: devices.filter((device) => !isCdiName(device)).map(parseDevice),
    DeviceCgroupRules: flags.list('device-cgroup-rule'),
    DeviceRequests: cdiNames.length > 0 ? [{ Driver: 'cdi', DeviceIDs: cdiNames }] : null,
    MemoryReservation: flags.number('memory-reservation'),
    MemorySwap: flags.number('memory-swap'),
    MemorySwappiness: swappiness,
    ...(flags.number('kernel-memory') !== 0 && { KernelMemory: flags.number('kernel-memory') }),
    OomKillDisable: flags.bool('oom-kill-disable'),
    PidsLimit: flags.number('pids-limit'),
    Ulimits: lastOfEachName(flags.list<UlimitJson>('ulimit')),
  };
}

function lastOfEachName(ulimits: readonly UlimitJson[]): UlimitJson[] {
  const byName = new Map(ulimits.map((ulimit) => [ulimit.Name, ulimit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}
