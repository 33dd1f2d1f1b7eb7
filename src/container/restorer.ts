// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ContainerContext } from '#container/context.ts';
import type { Execs } from '#container/execs.ts';
import type { Instance } from '#container/instance.ts';
import type { Launcher } from '#container/launcher.ts';
import { clearLeftovers, findLeftovers } from '#container/leftovers.ts';
import type { Lifecycle } from '#container/lifecycle.ts';
import type { Remover } from '#container/remover.ts';
import { startsWithEngine } from '#container/restart-policy.ts';
import { ended, hasRun, isLive, restartCancelled, running } from '#container/state.ts';
import type { Stopper } from '#container/stopper.ts';
import type { ContainerRecord, ContainerState } from '#model/container.ts';
import type { Shim } from '#runtime/types.ts';

/** Docker's code for a container of which nobody knows how it ended: the machine went down. */
const UNKNOWN_EXIT_CODE = 255;

interface Parts {
  launcher: Launcher;
  lifecycle: Lifecycle;
  stopper: Stopper;
  remover: Remover;
  execs: Execs;
}

/** Brings the records and the world together again after the engine was away, however it went. */
export class Restorer {
  readonly #context: ContainerContext;
  readonly #parts: Parts;

  constructor(context: ContainerContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  /**
   * When it returns, running containers are followed again and ends are recorded. What is to be started, and what is left
   * over of containers that don't exist, is seen to in the background.
   */
  async restore(): Promise<void> {
    const { paths, store, background } = this.#context;
    const directories = [paths.containers, paths.bundles, paths.shims];
    await Promise.all(directories.map((path) => mkdir(path, { recursive: true, mode: 0o710 })));
    const leftovers = await findLeftovers(this.#context);
    await Promise.all(store.all().map((record) => this.#restoreOne(record)));
    await this.#parts.execs.restore();
    // Ends that came while the engine was away are settled in turns of their own.
    await nextTurn();
    void background.run('clearing away leftovers', {}, () =>
      clearLeftovers(this.#context, this.#parts.remover, leftovers),
    );
    for (const record of store.all()) this.#takeUp(record);
  }

  async #restoreOne(record: ContainerRecord): Promise<void> {
    const { deps, paths } = this.#context;
    const instance = this.#context.instance(record.id);
    try {
      if (existsSync(paths.shim(record.id)) && (await this.#reconnect(record, instance))) return;
    } catch (err) {
      deps.logger.error({ err, id: record.id }, 'a container could not be reached again');
    }
    if (isLive(record.state)) this.#recordLoss(record);
    // A start that was cut off, or the clearing away.
    if (existsSync(paths.shim(record.id)) || existsSync(paths.bundle(record.id))) {
      instance.cleanedUp = this.#context.background.run('clearing away after a container', { id: record.id }, () =>
        this.#parts.launcher.cleanUp(record),
      );
    }
  }

  /** Whether its process is followed now, running or just ended; `false` if its end was recorded before. */
  async #reconnect(record: ContainerRecord, instance: Instance): Promise<boolean> {
    const { deps, store, paths } = this.#context;
    const shim = await deps.shims.reconnect(paths.shim(record.id));
    if (await hasExited(shim)) {
      if (isLive(record.state)) this.#parts.lifecycle.follow(instance, shim);
      else await shim.release();
      return isLive(record.state);
    }
    const state = await this.#liveState(record, shim);
    if (state !== record.state) store.saveLife(record.id, (before) => ({ ...before, state }));
    this.#parts.lifecycle.follow(instance, shim);
    return true;
  }

  /** As it is, should the engine have died between a change and its record of it. */
  async #liveState(record: ContainerRecord, shim: Shim): Promise<ContainerState> {
    const { state } = record;
    const { operations, clock } = this.#context.deps;
    const isPaused = await operations.isPaused(this.#parts.launcher.runtimeContainer(record)).catch(() => undefined);
    const live = isLive(state) ? state : running(state, { pid: shim.pid, startedAt: clock.now() });
    if (isPaused === undefined || isPaused === (live.status === 'paused')) return live;
    return { ...live, status: isPaused ? 'paused' : 'running' };
  }

  #recordLoss(record: ContainerRecord): void {
    const end = { exitCode: UNKNOWN_EXIT_CODE, oomKilled: false, finishedAt: this.#context.deps.clock.now() };
    this.#context.store.saveLife(record.id, (before) => ({ ...before, state: ended(before.state, end, false) }));
  }

  /** What a container's policy makes of it. One that ended while the engine was away has been seen to already. */
  #takeUp({ id }: ContainerRecord): void {
    const { options, store, background } = this.#context;
    const record = store.get(id);
    const instance = this.#context.existingInstance(id);
    if (!record || !instance || instance.pendingRestart) return;
    if (isLive(record.state)) {
      if (options.liveRestore) return;
      const stop = (): Promise<void> => this.#parts.stopper.endGracefully(instance, { stops: false });
      void background.run('stopping a container that outlived the engine', { id }, stop);
    } else if (startsWithEngine(record)) {
      const start = (): Promise<void> => this.#parts.lifecycle.startWithEngine(instance);
      void background.run('starting a container with the engine', { id }, start);
    } else if (record.hostConfig.autoRemove && hasRun(record.state)) {
      this.#parts.remover.erase(record);
      this.#parts.remover.announce(record);
    } else if (record.state.status === 'restarting') {
      store.saveLife(id, (before) => ({ ...before, state: restartCancelled(before.state) }));
    }
  }
}

/** Whether the process had ended when the shim was found. */
async function hasExited(shim: Shim): Promise<boolean> {
  return Promise.race([shim.exited.then(() => true), nextTurn(false)]);
}
