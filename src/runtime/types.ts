// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ContainerConfig, HostConfig } from '#model/container.ts';

/** An OCI runtime that was tried and works here. */
export interface OciRuntime {
  /** The name it is selected by: `crun`, `runc` or one from `--add-runtime`. */
  name: string;
  path: string;
  /** Global arguments given by the configuration. */
  args: string[];
  /** What `--version` says, first line. */
  version: string;
  /** crun on a hybrid host: give it a mount namespace without the v2 hierarchy, so that it takes the host for a v1 one. */
  hideUnifiedCgroup: boolean;
}

/** How a process gets its standard input. */
export type StdinMode = 'closed' | 'open' | 'once';

export type ShimLog =
  | {
      driver: 'json-file';
      path: string;
      /** Rotate before the file exceeds this; 0 is never. */
      maxSizeBytes: number;
      maxFiles: number;
    }
  | { driver: 'none' };

/** What the shim of one process is told. */
export interface ShimLaunch {
  /** This process's directory in the exec-root, made by the caller; holds socket, pid file and exit record. */
  directory: string;
  process:
    | { kind: 'init'; bundle: string }
    | { kind: 'exec' /** process.json of the runtime specification. */; processFile: string };
  runtime: OciRuntime;
  /** `--root` of the runtime: its own state directory. */
  runtimeRoot: string;
  /** The container's ID as the runtime knows it. */
  containerId: string;
  tty: boolean;
  consoleSize?: [rows: number, columns: number];
  stdin: StdinMode;
  log: ShimLog;
  /** Counter files of the kernel's OOM killer (`memory.events`, `memory.oom_control`); the first that exists is read. */
  oomFiles: string[];
}

/** Written to `exit.json` in the shim's directory, atomically, before anybody is told. */
export interface ExitRecord {
  pid: number;
  /** As Docker counts: the exit status, or 128 + signal. */
  exitCode: number;
  signal: number;
  oomKilled: boolean;
  finishedAt: Date;
}

export interface ShimAttach {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Bytes of the detach sequence; empty for none. */
  detachKeys: Uint8Array;
  /** Frame output with Docker's 8-byte header. */
  multiplexed: boolean;
  /** Already read from the client; goes to the process first. */
  head: Buffer;
}

/**
 * One running shim, seen from hoyd. All of it works the same whether hoyd launched the shim or found it after a restart.
 */
export interface Shim {
  readonly directory: string;
  /** The process's pid on the host. */
  readonly pid: number;
  /** Settles when the process has ended; never rejects. If shim and record are both gone: code 137 and the time it was noticed. */
  readonly exited: Promise<ExitRecord>;
  /** Passes the client's own socket to the shim; afterwards hoyd no longer touches it. Falls back to `pipe` if it can't be passed. */
  attach(client: Socket, options: ShimAttach): Promise<void>;
  /** Attaches a stream that hoyd carries itself (TLS, websocket, health probes). Resolves when connected. */
  open(options: ShimAttach): Promise<Duplex>;
  /** Passes a waiting HTTP client; the shim answers it with `{"StatusCode":n}` as a chunked body once the process ended and, for `removed`, once hoyd released it or is gone. */
  handOverWait(client: Socket, options: { untilReleased: boolean }): Promise<void>;
  resize(size: { rows: number; columns: number }): Promise<void>;
  closeStdin(): Promise<void>;
  /** The log file was taken away or renamed: open it again. */
  reopenLog(): Promise<void>;
  /** hoyd has dealt with the exit (or removed the container): the shim answers those who wait, and ends. */
  release(): Promise<void>;
}

/** Starts shims and finds them again. */
export interface ShimLauncher {
  /**
   * Resolves when the process runs. Rejects with what the runtime said, as an `EngineError` with Docker's words and, in
   * `exitCode`, the code that Docker reports (126 not executable, 127 not found, 128 other).
   * `attachments` are connected before the process starts, so that none of its output is missed. After a rejection the
   * clients are still the caller's: open, and nothing was read from them.
   */
  launch(
    options: ShimLaunch,
    attachments?: readonly { client: Socket | Duplex; passable: boolean; options: ShimAttach }[],
  ): Promise<Shim>;
  /** Connects to the shim that lives in `directory`; when it ended meanwhile, `exited` is settled from its record. */
  reconnect(directory: string): Promise<Shim>;
}

/** A limit that the host's control groups can hold. */
export type LimitFeature =
  | 'memory'
  | 'swap'
  | 'memory-reservation'
  | 'memory-swappiness'
  | 'oom-kill-disable'
  | 'pids'
  | 'cpu-shares'
  | 'cpu-cfs'
  | 'cpu-realtime'
  | 'cpuset'
  | 'blkio-weight'
  | 'blkio-weight-device'
  | 'blkio-read-bps'
  | 'blkio-write-bps'
  | 'blkio-read-iops'
  | 'blkio-write-iops'
  | 'devices';

/** Everything about the host that the specification of a container depends on; read once at start-up. */
export interface HostFacts {
  cgroupVersion: 1 | 2;
  cgroupControllers: ReadonlySet<string>;
  /** What can be limited here; `undefined` is everything. */
  limits?: ReadonlySet<LimitFeature>;
  /** Processors and memory nodes that containers may be bound to, as the kernel lists them (`0-3,8`). */
  cpusetCpus?: string;
  cpusetMems?: string;
  cpuCount?: number;
  /** Whether the kernel filters system calls; `undefined` is yes. */
  seccomp?: boolean;
  /** Paths of this very machine that are masked beside the usual ones (thermal counters of each processor). */
  maskedPaths?: readonly string[];
  /** Seccomp architectures of this machine, native first (`SCMP_ARCH_X86_64`, …). */
  seccompArchitectures: string[];
  kernel: { major: number; minor: number };
  apparmor: boolean;
  /** Capabilities the engine itself may give (its bounding set), `CAP_…`. */
  capabilities: ReadonlySet<string>;
  /** Own hard limits, by name without `RLIMIT_`, that can't be exceeded without CAP_SYS_RESOURCE. */
  rlimits?: ReadonlyMap<string, { soft: number; hard: number }>;
  /** Every device node under /dev, for privileged containers. */
  devices: () => {
    path: string;
    type: 'c' | 'b';
    major: number;
    minor: number;
    mode: number;
    uid: number;
    gid: number;
  }[];
}

/** A user as it was looked up inside the root file system. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  additionalGids: number[];
  /** Home directory, for `HOME`. */
  home: string;
}

/** Input of the pure function that writes the runtime's `config.json`. */
export interface SpecInput {
  id: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  argv: string[];
  /** Complete, image's and caller's merged, PATH, HOSTNAME, TERM and HOME included. */
  env: string[];
  cwd: string;
  user: ResolvedUser;
  /** Path of the mounted root file system on the host. */
  rootfs: string;
  /** Files bound to /etc/hostname, /etc/hosts and /etc/resolv.conf, and where the caller mounts nothing over them. */
  files: { source: string; target: string }[];
  /** Source of /dev/shm when it is shared with other containers. */
  shmSource?: string;
  /** Resolved namespaces: a path to join, `host`, or `private`. */
  namespaces: { network: string; ipc: string; pid: string; uts: string; cgroup: string; user: string };
  cgroupsPath: string;
  /** Our init, bound into the container when `hostConfig.init`. */
  initPath?: string;
  defaultUlimits: { name: string; soft: number; hard: number }[];
  host: HostFacts;
}

export interface OciSpec {
  ociVersion: string;
  [key: string]: unknown;
}
