// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '#model/container.ts';
import type { StatsSample } from '#model/system.ts';
import type { OciRuntime } from '#runtime/types.ts';

/** A container as the OCI runtime knows it. */
export interface RuntimeContainer {
  id: string;
  /** As in the specification: `/docker/<id>`, below every controller's mount point. */
  cgroupsPath: string;
  runtime: OciRuntime;
  /** `--root` of the runtime. */
  runtimeRoot: string;
}

/** What is done to a container that exists, without a shim. Everything is refused with an `EngineError` in Docker's words. */
export interface RuntimeOperations {
  /** A process will be started in a moment: whatever the kernel takes long for is begun now. */
  expectStart(): void;
  /** Sends a signal. Returns false if the process is gone already. */
  signal(pid: number, signal: number): boolean;
  /** Resolves when every process of the container is frozen. Idempotent. */
  pause(container: RuntimeContainer): Promise<void>;
  /** Idempotent. */
  resume(container: RuntimeContainer): Promise<void>;
  /** Whether the container is frozen now, for a hoyd that finds it after a restart. */
  isPaused(container: RuntimeContainer): Promise<boolean>;
  /** Applies those limits that are set; what the kernel refuses is `invalid-parameter` or `internal`, and named. */
  update(container: RuntimeContainer, resources: Resources): Promise<void>;
  /** All processes, of child groups too. Empty if the group is gone. */
  pids(container: RuntimeContainer): Promise<number[]>;
  /** Kills whatever is left in the group with SIGKILL and waits (bounded) until it is empty. */
  killAll(container: RuntimeContainer): Promise<void>;
  /** Counters now. `pid` is the process whose network is counted; without it there are no networks. */
  stats(container: RuntimeContainer, pid?: number): Promise<StatsSample>;
  /** Files that count OOM kills, for the shim; made together with the group, so they may not exist yet. */
  oomFiles(cgroupsPath: string): string[];
  /**
   * Takes away what the runtime left of a container whose processes have ended (as `delete --force`): processes that
   * are still there are killed, then the groups and the runtime's state directory are removed. Idempotent.
   */
  remove(container: RuntimeContainer): Promise<void>;
}
