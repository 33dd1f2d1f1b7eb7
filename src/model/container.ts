// SPDX-License-Identifier: Apache-2.0
import type { ManifestDescriptor } from '#model/image.ts';

/**
 * The engine's own words for a container. Nothing here knows HTTP: `api` maps Docker's JSON to these types and back.
 * Values are checked where they enter (`api/containers/create.ts`); the engine relies on it.
 */

/** How the health of a container is probed (Docker: `HealthConfig`). `undefined` fields take Docker's defaults. */
export interface HealthCheck {
  /** `[]` inherit, `['NONE']` disabled, `['CMD', ...argv]`, `['CMD-SHELL', line]`. */
  test: string[];
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  startIntervalMs?: number;
  retries?: number;
}

/** What does not depend on the host: what to run and how it presents itself (Docker: `ContainerConfig`). */
export interface ContainerConfig {
  hostname: string;
  domainname: string;
  user: string;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  /** Port specifications such as `80/tcp`. */
  exposedPorts: string[];
  tty: boolean;
  openStdin: boolean;
  stdinOnce: boolean;
  env: string[];
  /** `undefined`: not given, the image decides. */
  cmd?: string[];
  /** `undefined`: not given; `[]`: the image's entrypoint is cleared. */
  entrypoint?: string[];
  healthcheck?: HealthCheck;
  /** The image as the caller wrote it. */
  image: string;
  volumes: string[];
  workingDir: string;
  networkDisabled: boolean;
  macAddress: string;
  onBuild: string[];
  labels: Record<string, string>;
  stopSignal?: string;
  stopTimeoutSeconds?: number;
  shell?: string[];
}

export type RestartPolicyName = 'no' | 'always' | 'unless-stopped' | 'on-failure';

export interface RestartPolicy {
  name: RestartPolicyName;
  /** Only for `on-failure`; 0 is without limit. */
  maximumRetryCount: number;
  /** Hoy's own option (label `hoy.restart.unhealthy=true`): an unhealthy container is restarted as if it had failed. */
  onUnhealthy: boolean;
}

export interface LogConfig {
  driver: 'json-file' | 'local' | 'none';
  options: Record<string, string>;
}

export type Propagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** A mount the caller asked for. Volumes, image mounts and copy-up belong to the volumes part. */
export type MountRequest =
  | {
      type: 'bind';
      source: string;
      target: string;
      readOnly: boolean;
      propagation: Propagation;
      nonRecursive: boolean;
      /** Make a missing source directory (the `-v` form); otherwise a missing source is an error (the `--mount` form). */
      createSource: boolean;
      readOnlyNonRecursive: boolean;
      readOnlyForceRecursive: boolean;
      /** How it was asked for, so that inspect can give it back: as a `Binds` string or in `Mounts`. */
      form: 'bind-string' | 'mount';
    }
  | {
      type: 'tmpfs';
      target: string;
      options: string[];
      form: 'tmpfs-map' | 'mount';
      sizeBytes?: number;
      mode?: number;
    };

export interface DeviceMapping {
  pathOnHost: string;
  pathInContainer: string;
  /** Some of `r`, `w`, `m`. */
  cgroupPermissions: string;
}

export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

export interface WeightDevice {
  path: string;
  weight: number;
}

export interface ThrottleDevice {
  path: string;
  rate: number;
}

/** Limits that `update` can change on a running container. 0 or `''` means not set, as in Docker. */
export interface Resources {
  cpuShares: number;
  memoryBytes: number;
  memoryReservationBytes: number;
  /** Memory plus swap; -1 is without limit, 0 is twice the memory. */
  memorySwapBytes: number;
  /** `undefined`: the kernel's default. */
  memorySwappiness?: number;
  kernelMemoryBytes: number;
  oomKillDisable: boolean;
  nanoCpus: number;
  cpuPeriodUs: number;
  cpuQuotaUs: number;
  cpuRealtimePeriodUs: number;
  cpuRealtimeRuntimeUs: number;
  cpusetCpus: string;
  cpusetMems: string;
  /** 0 not set, -1 without limit. */
  pidsLimit: number;
  blkioWeight: number;
  blkioWeightDevice: WeightDevice[];
  blkioDeviceReadBps: ThrottleDevice[];
  blkioDeviceWriteBps: ThrottleDevice[];
  blkioDeviceReadIops: ThrottleDevice[];
  blkioDeviceWriteIops: ThrottleDevice[];
}

/** What depends on the host: limits, isolation, mounts (Docker: `HostConfig`). */
export interface HostConfig extends Resources {
  mounts: MountRequest[];
  cgroupParent: string;
  devices: DeviceMapping[];
  deviceCgroupRules: string[];
  ulimits: Ulimit[];
  init?: boolean;
  containerIdFile: string;
  logConfig: LogConfig;
  /** `none`, `host`, `default`, `bridge`, `container:ID` or a network's name; what was asked for. */
  networkMode: string;
  restartPolicy: RestartPolicy;
  autoRemove: boolean;
  annotations: Record<string, string>;
  capAdd: string[];
  capDrop: string[];
  /** `''` (default), `private` or `host`. */
  cgroupnsMode: '' | 'private' | 'host';
  dns: string[];
  dnsOptions: string[];
  dnsSearch: string[];
  /** `host:address` lines. */
  extraHosts: string[];
  groupAdd: string[];
  /** `''`, `none`, `private`, `shareable`, `host` or `container:ID`. */
  ipcMode: string;
  oomScoreAdj: number;
  /** `''`, `host` or `container:ID`. */
  pidMode: string;
  privileged: boolean;
  publishAllPorts: boolean;
  /** Docker's `PortBindings`, kept for inspect and for the networks part. */
  portBindings: Record<string, { hostIp: string; hostPort: string }[]>;
  readonlyRootfs: boolean;
  /** As given (`seccomp=…`, `apparmor=…`, `no-new-privileges`, `systempaths=unconfined`, `label=…`). */
  securityOpt: string[];
  storageOpt: Record<string, string>;
  /** `''` or `host`. */
  utsMode: '' | 'host';
  /** `''` or `host`. */
  usernsMode: '' | 'host';
  shmSizeBytes: number;
  sysctls: Record<string, string>;
  runtime: string;
  consoleSize: [rows: number, columns: number];
  /** `undefined`: the default list; `[]`: none masked. */
  maskedPaths?: string[];
  readonlyPaths?: string[];
}

/** One probe's result. */
export interface HealthProbe {
  start: Date;
  end: Date;
  exitCode: number;
  output: string;
}

export interface Health {
  status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  failingStreak: number;
  /** The last five, oldest first. */
  log: HealthProbe[];
}

/** How a container's process ended. */
export interface Ended {
  exitCode: number;
  oomKilled: boolean;
  /** Why it could not be started, or `''`. */
  error: string;
  startedAt?: Date;
  finishedAt: Date;
}

interface Live {
  pid: number;
  startedAt: Date;
  /** When the run before this one ended. */
  lastFinishedAt?: Date;
}

/** One union member per status, each with only what exists in it. */
export type ContainerState =
  | { status: 'created'; error: string; exitCode: number }
  | ({ status: 'running' } & Live)
  | ({ status: 'paused' } & Live)
  | ({ status: 'restarting' } & Ended)
  | ({ status: 'exited' } & Ended)
  | ({ status: 'removing' } & Ended)
  | ({ status: 'dead' } & Ended);

export type ContainerStatus = ContainerState['status'];

/** Everything that the engine keeps of a container. The definition is immutable but for rename and update. */
export interface ContainerRecord {
  id: string;
  /** Without a leading slash. */
  name: string;
  createdAt: Date;
  /** `sha256:…`: the image's config digest at creation. */
  imageId: string;
  /** The manifest of the platform that was chosen; absent for what was loaded without one. */
  imageManifest?: ManifestDescriptor;
  platform: { os: string; architecture: string; variant?: string };
  config: ContainerConfig;
  hostConfig: HostConfig;
  /** The command line that is run: entrypoint and command, merged with the image's. */
  path: string;
  args: string[];
  state: ContainerState;
  health?: Health;
  restartCount: number;
  /** A person stopped it: `unless-stopped` and `always` heed that until the next start. */
  hasBeenManuallyStopped: boolean;
  /** Per-network settings that the networks part keeps; `none` and `host` until then. */
  networks: Record<string, EndpointSettings>;
  logPath: string;
  apparmorProfile: string;
}

/** What a caller may ask of a network attachment; filled in by the networks part. */
export interface EndpointSettings {
  aliases: string[];
  links: string[];
  macAddress: string;
  ipv4Address: string;
  ipv6Address: string;
  driverOptions: Record<string, string>;
  gatewayPriority: number;
}

/** A process started in a running container beside its init. */
export interface ExecConfig {
  tty: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  detachKeys: string;
  env: string[];
  argv: string[];
  privileged: boolean;
  user: string;
  workingDir: string;
  consoleSize?: [rows: number, columns: number];
}

export interface ExecRecord {
  id: string;
  containerId: string;
  config: ExecConfig;
  state:
    | { status: 'created' }
    | { status: 'running'; pid: number }
    | { status: 'exited'; exitCode: number; pid: number };
}
