// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError, messageOf } from '#core/errors.ts';
import { type CgroupLayout, oomCounterFiles } from '#linux/cgroup.ts';
import { prepareCgroupMoves } from '#linux/cgroup-moves.ts';
import {
  cgroupPids,
  freezeCgroup,
  isCgroupFrozen,
  killCgroup,
  removeCgroup,
  thawCgroup,
} from '#linux/cgroup-processes.ts';
import { hasErrno } from '#linux/errno.ts';
import type { Resources } from '#model/container.ts';
import type { StatsSample } from '#model/system.ts';
import { applyLimits } from '#runtime/apply-limits.ts';
import { readStats } from '#runtime/cgroup-stats.ts';
import { supportedResources } from '#runtime/host-warnings.ts';
import type { RuntimeContainer, RuntimeOperations } from '#runtime/operations.ts';
import { runRuntime } from '#runtime/runtime-command.ts';
import { hostProbe } from '#runtime/spec/host-probe.ts';
import { ociResources } from '#runtime/spec/resources.ts';
import type { HostFacts, OciRuntime } from '#runtime/types.ts';

export interface CgroupOperationsDeps {
  layout: CgroupLayout;
  host: Pick<HostFacts, 'limits'>;
}

/** Runtimes whose containers are nothing but processes in control groups and a directory of state. */
const isPlain = ({ version }: OciRuntime): boolean => /^(crun|runc) version /.test(version);

/**
 * Works on the control groups directly, which takes microseconds where starting an OCI runtime takes milliseconds.
 * Runtimes that may keep more than control groups (sandboxes, virtual machines) are asked to do it themselves.
 */
export class CgroupOperations implements RuntimeOperations {
  readonly #layout: CgroupLayout;
  readonly #host: Pick<HostFacts, 'limits'>;
  #preparing: Promise<void> | undefined;

  constructor(deps: CgroupOperationsDeps) {
    this.#layout = deps.layout;
    this.#host = deps.host;
  }

  expectStart(): void {
    this.#preparing ??= prepareCgroupMoves(this.#layout).finally(() => {
      this.#preparing = undefined;
    });
  }

  signal(pid: number, signal: number): boolean {
    // 0 and negative numbers would reach groups of processes, our own among them.
    if (!Number.isInteger(pid) || pid <= 1) return false;
    try {
      process.kill(pid, signal);
      return true;
    } catch (error) {
      if (hasErrno(error, 'ESRCH')) return false;
      throw error;
    }
  }

  async pause({ id, cgroupsPath, runtime, runtimeRoot }: RuntimeContainer): Promise<void> {
    if (!isPlain(runtime)) {
      await runRuntime(runtime, ['--root', runtimeRoot, 'pause', id]);
      return;
    }
    await freezeCgroup(this.#layout, cgroupsPath).catch(asEngineError);
  }

  async resume({ id, cgroupsPath, runtime, runtimeRoot }: RuntimeContainer): Promise<void> {
    if (!isPlain(runtime)) {
      await runRuntime(runtime, ['--root', runtimeRoot, 'resume', id]);
      return;
    }
    await thawCgroup(this.#layout, cgroupsPath).catch(asEngineError);
  }

  async isPaused({ id, cgroupsPath, runtime, runtimeRoot }: RuntimeContainer): Promise<boolean> {
    if (isPlain(runtime)) return isCgroupFrozen(this.#layout, cgroupsPath);
    const state = JSON.parse(await runRuntime(runtime, ['--root', runtimeRoot, 'state', id])) as { status?: string };
    return state.status === 'paused';
  }

  async update(container: RuntimeContainer, resources: Resources): Promise<void> {
    const { resources: supported } = supportedResources(resources, this.#host);
    const { id, cgroupsPath, runtime, runtimeRoot } = container;
    if (isPlain(runtime)) {
      applyLimits(this.#layout, cgroupsPath, supported);
      return;
    }
    const limits = JSON.stringify(ociResources(supported, hostProbe));
    await runRuntime(runtime, ['--root', runtimeRoot, 'update', '--resources', '-', id], limits);
  }

  async pids({ cgroupsPath }: RuntimeContainer): Promise<number[]> {
    return cgroupPids(this.#layout, cgroupsPath);
  }

  async killAll({ cgroupsPath }: RuntimeContainer): Promise<void> {
    if (await killCgroup(this.#layout, cgroupsPath)) return;
    throw new EngineError('internal', 'some processes of the container could not be killed: they wait for the kernel');
  }

  stats({ cgroupsPath }: RuntimeContainer, pid?: number): Promise<StatsSample> {
    return readStats(this.#layout, cgroupsPath, pid);
  }

  oomFiles(cgroupsPath: string): string[] {
    return oomCounterFiles(this.#layout, cgroupsPath);
  }

  async remove(container: RuntimeContainer): Promise<void> {
    const { id, cgroupsPath, runtime, runtimeRoot } = container;
    if (!isPlain(runtime)) await runRuntime(runtime, ['--root', runtimeRoot, 'delete', '--force', id]).catch(() => {});
    await this.killAll(container);
    if (!(await removeCgroup(this.#layout, cgroupsPath))) {
      throw new EngineError('internal', `the control group ${cgroupsPath} is still in use and could not be removed`);
    }
    if (basename(id) !== id || id === '' || id.startsWith('.'))
      throw new EngineError('internal', `bad container ID ${id}`);
    await rm(join(runtimeRoot, id), { recursive: true, force: true });
  }
}

function asEngineError(error: unknown): never {
  throw new EngineError('internal', messageOf(error), { cause: error });
}
