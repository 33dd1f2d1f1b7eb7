// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type {
  ContainerConfig,
  ContainerRecord,
  EndpointSettings,
  ExecConfig,
  ExecRecord,
  HostConfig,
  Resources,
  RestartPolicy,
} from '#model/container.ts';
import type { EngineEvent, EventType, Filters } from '#model/event.ts';
import type { Image, ImageDeletion, ImageHistoryRow, Platform } from '#model/image.ts';
import type { Change, ProcessTable, StatsSample } from '#model/system.ts';

/**
 * What the HTTP API needs of the engine, and nothing more. The engine's classes satisfy these by shape;
 * `daemon/compose.ts` is where the compiler checks that they do.
 *
 * In all of them `ref` is what the caller wrote: a full ID, an unambiguous prefix of one, or a name. Every method throws
 * `EngineError` with Docker's words for what a caller can get wrong.
 */

export interface CreateContainer {
  /** Without a leading slash; `''` lets the engine choose. */
  name: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  networks: Record<string, EndpointSettings>;
  platform?: Platform;
}

/** A record together with what only a look at the system can tell. */
export interface ContainerView {
  record: ContainerRecord;
  /** IDs of execs that are running. */
  execIds: string[];
  /** Where the container's files are, for inspect; absent for a dead one. */
  paths: { resolvConf: string; hostname: string; hosts: string };
  /** Overlay directories, for `GraphDriver.Data`. */
  graph: { driver: string; data: Record<string, string> };
  /** Only when sizes were asked for. */
  size?: { rwBytes: number; rootFsBytes: number };
  /** Mounts as they were made: resolved, for inspect's and ls's `Mounts`. */
  mounts: MountView[];
  /** The image reference to show in `ls`: what the caller wrote if it still names this image, else the ID. */
  imageShown: string;
  /** Descriptor of the image's manifest, where the store still has it. */
  imageManifest?: { mediaType: string; digest: string; sizeBytes: number };
}

export interface MountView {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  name?: string;
  source: string;
  destination: string;
  driver?: string;
  mode: string;
  readWrite: boolean;
  propagation: string;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResult {
  exitCode: number;
  /** Why the container could not be waited for or removed. */
  error?: string;
}

/** Where an attached client is: its raw socket after the HTTP upgrade, or any duplex that hoyd itself feeds (TLS, websocket). */
export interface AttachedClient {
  /** A plain unix or TCP socket may be passed to the shim, so that the client survives a restart of hoyd. */
  stream: Socket | Duplex;
  passable: boolean;
  /** Bytes of the stream that were read together with the request's head. */
  head: Buffer;
}

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Send what was logged before the live stream. */
  logs: boolean;
  /** Stay for the live stream. */
  stream: boolean;
  /** `ctrl-p,ctrl-q` form; `''` is the default sequence. */
  detachKeys: string;
  /** Frame output with the 8-byte header (API §"Stream format"); false for a TTY and for websockets. */
  multiplexed: boolean;
}

export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  timestamps: boolean;
  details: boolean;
  /** Last lines to start from; -1 is all. */
  tail: number;
  since?: { nano: bigint };
  until?: { nano: bigint };
  signal: AbortSignal;
}

/** What create must be told before it may happen: warnings for the answer. */
export interface Created {
  id: string;
  warnings: string[];
}

export interface ListContainers {
  all: boolean;
  /** 0 is without limit. */
  limit: number;
  size: boolean;
  filters: Filters;
}

export interface PruneReport {
  deleted: string[];
  reclaimedBytes: number;
}

export interface ContainerBackend {
  create(request: CreateContainer): Promise<Created>;
  list(options: ListContainers): Promise<ContainerView[]>;
  inspect(ref: string, options: { size: boolean }): Promise<ContainerView>;
  start(ref: string, options: { detachKeys?: string }): Promise<void>;
  /** `timeoutSeconds` undefined: the container's own, else 10; -1 waits for ever. Throws `not-modified` if it is not running. */
  stop(ref: string, options: { signal?: string; timeoutSeconds?: number }): Promise<void>;
  restart(ref: string, options: { signal?: string; timeoutSeconds?: number }): Promise<void>;
  /** `signal`: name with or without `SIG`, or a number. */
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  update(
    ref: string,
    change: { resources: Partial<Resources>; restartPolicy?: RestartPolicy },
  ): Promise<{ warnings: string[] }>;
  remove(ref: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void>;
  prune(filters: Filters): Promise<PruneReport>;
  /** Resolves the reference at once (an unknown one throws here), and `result` when the condition holds. */
  wait(
    ref: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ id: string; result: Promise<WaitResult> }>;
  /**
   * Hands a waiting client's socket to the container's shim, which will write `body(exitCode)` and close it even if
   * hoyd is gone. Returns false when the client has to be answered by hoyd itself. The answer's head was already sent.
   */
  handOverWait(ref: string, client: AttachedClient, condition: WaitCondition): Promise<boolean>;
  /** Resolves when the client is connected; for a container that was only created, that is before it starts. */
  attach(ref: string, client: AttachedClient, options: AttachOptions): Promise<void>;
  resize(ref: string, size: { rows: number; columns: number }): Promise<void>;
  /** Output of the container, framed unless it has a TTY. */
  logs(ref: string, options: LogOptions): Promise<{ tty: boolean; stream: Readable }>;
  top(ref: string, psArguments: string): Promise<ProcessTable>;
  /** One sample; zeros for a container that is not running. */
  stats(ref: string): Promise<{ id: string; name: string; sample: StatsSample | undefined }>;
  changes(ref: string): Promise<Change[]>;
}

export interface ExecBackend {
  create(containerRef: string, config: ExecConfig): Promise<string>;
  inspect(id: string): Promise<ExecRecord>;
  /** Without a client the exec is detached; resolves when the process runs. */
  start(
    id: string,
    options: {
      tty: boolean;
      detach: boolean;
      consoleSize?: [rows: number, columns: number];
      client?: AttachedClient;
      multiplexed: boolean;
    },
  ): Promise<void>;
  /** Throws what `start` would throw before anything is made, so that the answer can still be an error. */
  checkStart(id: string, options: { detach: boolean }): Promise<ExecRecord>;
  resize(id: string, size: { rows: number; columns: number }): Promise<void>;
}

export interface ImageView {
  image: Image;
  /** Containers made from it; -1 if not counted. */
  containers: number;
  sharedSizeBytes: number;
  /** One row for each platform of an index (API 1.47 `Manifests`). */
  manifests: ManifestView[];
  graph: { driver: string; data: Record<string, string> };
}

export interface ManifestView {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  available: boolean;
  kind: 'image' | 'attestation' | 'unknown';
  platform?: Platform;
  contentSizeBytes: number;
  unpackedSizeBytes: number;
  containers: string[];
}

/** A line of a JSON progress stream, in the engine's words; `api` writes it as Docker's `jsonmessage`. */
export interface Progress {
  status?: string;
  id?: string;
  stream?: string;
  current?: number;
  total?: number;
  aux?: unknown;
}

export interface ImageBackend {
  list(options: {
    all: boolean;
    filters: Filters;
    sharedSize: boolean;
    digests: boolean;
    manifests: boolean;
  }): Promise<ImageView[]>;
  inspect(ref: string, options: { platform?: Platform; manifests: boolean }): Promise<ImageView>;
  history(ref: string, options: { platform?: Platform }): Promise<ImageHistoryRow[]>;
  tag(ref: string, target: { repository: string; tag: string }): Promise<void>;
  remove(ref: string, options: { force: boolean; prune: boolean; platforms: Platform[] }): Promise<ImageDeletion[]>;
  prune(filters: Filters): Promise<{ deleted: ImageDeletion[]; reclaimedBytes: number }>;
  /** A root file system as one layer (`docker import`). Returns the new image's ID. */
  import(
    archive: Readable,
    options: {
      repository: string;
      tag: string;
      message: string;
      changes: string[];
      platform?: Platform;
      signal: AbortSignal;
    },
  ): Promise<string>;
  /** docker-archive or OCI layout, compressed in any way. */
  load(
    archive: Readable,
    options: { platforms: Platform[]; quiet: boolean; signal: AbortSignal },
  ): AsyncIterable<Progress>;
  /** One docker-archive and OCI layout in one tar. */
  save(refs: string[], options: { platforms: Platform[]; signal: AbortSignal }): Promise<Readable>;
}

export interface EventFilter {
  since?: { nano: bigint };
  until?: { nano: bigint };
  filters: Filters;
  signal: AbortSignal;
}

export interface DiskUsage {
  images: ImageView[];
  layersSizeBytes: number;
  containers: ContainerView[];
}

/** What is true of this engine and its host; `api` makes `GET /info` and `GET /version` of it. */
export interface SystemInfo {
  id: string;
  name: string;
  version: string;
  gitCommit: string;
  builtAt: string;
  startedAt: Date;
  containers: { total: number; running: number; paused: number; stopped: number };
  images: number;
  storageDriver: string;
  storageStatus: [string, string][];
  dataRoot: string;
  logDrivers: string[];
  loggingDriver: string;
  networkDrivers: string[];
  volumeDrivers: string[];
  cgroup: { driver: 'cgroupfs' | 'systemd'; version: 1 | 2 };
  host: {
    kernelVersion: string;
    operatingSystem: string;
    osVersion: string;
    osType: 'linux';
    /** `x86_64`, `aarch64`. */
    machine: string;
    /** `amd64`, `arm64`. */
    architecture: string;
    cpus: number;
    memoryBytes: number;
  };
  features: {
    memoryLimit: boolean;
    swapLimit: boolean;
    cpuCfsPeriod: boolean;
    cpuCfsQuota: boolean;
    cpuShares: boolean;
    cpuSet: boolean;
    pidsLimit: boolean;
    oomKillDisable: boolean;
    ipv4Forwarding: boolean;
  };
  runtimes: Record<string, { path: string; args: string[]; version: string }>;
  defaultRuntime: string;
  runtimeVersion: { name: string; version: string; commit: string };
  initBinary: string;
  securityOptions: string[];
  labels: string[];
  liveRestore: boolean;
  debug: boolean;
  experimental: boolean;
  eventListeners: number;
  fileDescriptors: number;
  registry: { insecure: string[]; mirrors: string[] };
  warnings: string[];
}

export interface SystemBackend {
  info(): Promise<SystemInfo>;
  /** Past events first when `since` is given, then live ones until `until` or the signal. */
  events(filter: EventFilter): AsyncIterable<EngineEvent>;
  diskUsage(options: {
    types: ReadonlySet<'container' | 'image' | 'volume' | 'build-cache'>;
    verbose: boolean;
  }): Promise<DiskUsage>;
}

export interface EngineBackend {
  containers: ContainerBackend;
  execs: ExecBackend;
  images: ImageBackend;
  system: SystemBackend;
}

export type { EventType };
