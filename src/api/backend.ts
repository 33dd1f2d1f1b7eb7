// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { AttachedClient, AttachOptions, LogOptions, WaitCondition, WaitResult } from '#model/client.ts';
import type {
  ContainerConfig,
  EndpointSettings,
  ExecConfig,
  ExecRecord,
  HostConfig,
  Resources,
  RestartPolicy,
} from '#model/container.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { EngineEvent, EventType, Filters } from '#model/event.ts';
import type { ImageDeletion, ImageHistoryRow, ImageView, Platform, Progress } from '#model/image.ts';
import type { Change, ProcessTable, StatsSample, SystemInfo } from '#model/system.ts';

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
