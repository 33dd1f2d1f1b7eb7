// SPDX-License-Identifier: Apache-2.0
import type { ContainerContext } from '#container/context.ts';
import { noSuchContainer, removalInProgress, withContext } from '#container/failures.ts';
import type { Instance } from '#container/instance.ts';
import type { Lifecycle } from '#container/lifecycle.ts';
import { compilePruneFilter } from '#container/prune-filter.ts';
import type { Remover } from '#container/remover.ts';
import { isActive, isLive, removalRefusal } from '#container/state.ts';
import type { Stopper } from '#container/stopper.ts';
import { conflict, isEngineError } from '#core/errors.ts';
import type { Filters } from '#model/event.ts';

/** Removal as people ask for it: one container, or all that don't run. */
export class Removal {
  readonly #context: ContainerContext;
  readonly #lifecycle: Lifecycle;
  readonly #stopper: Stopper;
  readonly #remover: Remover;
  #isPruning = false;

  constructor(context: ContainerContext, parts: { lifecycle: Lifecycle; stopper: Stopper; remover: Remover }) {
    this.#context = context;
    this.#lifecycle = parts.lifecycle;
    this.#stopper = parts.stopper;
    this.#remover = parts.remover;
  }

  /** When it returns, the container and its name are gone; its files are cleared away afterwards. */
  async remove(ref: string, { force }: { force: boolean }): Promise<void> {
    const { record, instance } = this.#context.find(ref);
    if (instance.isBeingRemoved) throw removalInProgress(ref);
    this.#refuseIfActive(ref, record.id, force);
    instance.isBeingRemoved = true;
    try {
      // A start that is under way is brought to its end first: by then the container may run.
      await this.#context.lines.run(record.id, () => this.#removeInLine(ref, instance, force));
    } finally {
      instance.isBeingRemoved = false;
    }
  }

  #refuseIfActive(ref: string, id: string, force: boolean): void {
    const refusal = force ? undefined : removalRefusal(this.#context.current(id).state);
    if (refusal) throw withContext(`cannot remove container ${JSON.stringify(ref)}`, refusal);
  }

  async #removeInLine(ref: string, instance: Instance, force: boolean): Promise<void> {
    const { store } = this.#context;
    if (!store.get(instance.id)) throw noSuchContainer(ref);
    this.#refuseIfActive(ref, instance.id, force);
    this.#lifecycle.cancelRestartInLine(instance);
    if (isLive(this.#context.current(instance.id).state)) await this.#stopper.killNow(instance);
    const record = this.#context.current(instance.id);
    this.#remover.erase(record);
    this.#remover.announce(record);
  }

  async prune(filters: Filters): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    const matches = compilePruneFilter(filters, this.#context.deps.clock.now());
    if (this.#isPruning) throw conflict('a prune operation is already running');
    this.#isPruning = true;
    try {
      return await this.#pruneAll(matches);
    } finally {
      this.#isPruning = false;
    }
  }

  async #pruneAll(
    matches: ReturnType<typeof compilePruneFilter>,
  ): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    const report = { deleted: [] as string[], reclaimedBytes: 0 };
    for (const record of this.#context.store.all()) {
      if (isActive(record.state) || !matches(record)) continue;
      const bytes = await this.#context.deps.snapshots.usage(record.id).catch(() => 0);
      try {
        await this.remove(record.id, { force: false });
      } catch (error) {
        // Started, or removed by somebody else, in the meantime.
        if (isEngineError(error, 'conflict') || isEngineError(error, 'not-found')) continue;
        throw error;
      }
      report.deleted.push(record.id);
      report.reclaimedBytes += bytes;
    }
    this.#context.announcer.pruned(report.reclaimedBytes);
    return report;
  }
}
