// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/logger.ts';
import type { ImageResolver } from '#image/types.ts';
import type { SnapshotStore } from '#layer/types.ts';
import type { Ulimit } from '#model/container.ts';
import type { EventSink } from '#model/event.ts';
import type { Platform } from '#model/image.ts';
import type { RuntimeOperations } from '#runtime/operations.ts';
import type { HostFacts, OciRuntime, ShimLauncher } from '#runtime/types.ts';

/** What the containers need of the rest of the engine. */
export interface ContainerDeps {
  /** Opened with `containerSchema`. */
  database: DatabaseSync;
  clock: Clock;
  logger: Logger;
  events: EventSink;
  images: ImageResolver;
  snapshots: SnapshotStore;
  shims: ShimLauncher;
  operations: RuntimeOperations;
  host: HostFacts;
}

export interface ContainerOptions {
  /** Kept over restarts of the machine: container directories with their logs. */
  dataRoot: string;
  /** On a tmpfs: what running containers need. */
  execRoot: string;
  /** By name, those that were tried and work. */
  runtimes: ReadonlyMap<string, OciRuntime>;
  defaultRuntime: string;
  /** Platform of images that run here without emulation. */
  platform: Platform;
  defaultUlimits: Ulimit[];
  defaultShmSizeBytes: number;
  defaultIpcMode: 'private' | 'shareable';
  /** `undefined`: host on cgroup v1, private on v2. */
  defaultCgroupnsMode?: 'private' | 'host';
  defaultStopTimeoutSeconds: number;
  /** Parent of every container's control group. @default '/hoy' */
  cgroupParent: string;
  /** Give every container an init process unless it says no. */
  init: boolean;
  /** The init binary; without it `--init` is refused. */
  initPath?: string;
  noNewPrivileges: boolean;
  /** Seccomp profile of containers that name none: JSON, `unconfined` or `builtin`. */
  defaultSeccompProfile: string;
  dns: { servers: string[]; options: string[]; search: string[] };
  /** What `host-gateway` in `--add-host` stands for. */
  hostGatewayIps: string[];
  /** Containers go on while the engine is down. */
  liveRestore: boolean;
  /** How long `stop` of the engine may take without live-restore; -1 is without limit. */
  shutdownTimeoutSeconds: number;
}
