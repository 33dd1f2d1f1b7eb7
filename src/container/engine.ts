// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream';
import { Attaching } from '#container/attaching.ts';
import { ContainerContext } from '#container/context.ts';
import { type CreateRequest, Creator } from '#container/creator.ts';
import type { ContainerDeps, ContainerOptions } from '#container/deps.ts';
import { parseDetachKeys } from '#container/detach-keys.ts';
import { ExecEngine } from '#container/exec-engine.ts';
import { Execs } from '#container/execs.ts';
import { withContext } from '#container/failures.ts';
import { HealthMonitors } from '#container/health.ts';
import { Launcher } from '#container/launcher.ts';
import { Lifecycle } from '#container/lifecycle.ts';
import type { ListOptions } from '#container/list-filters.ts';
import { LogCompressor } from '#container/log-compression.ts';
import { LogWatch } from '#container/log-watch.ts';
import { Observation } from '#container/observation.ts';
import { execProbe } from '#container/probing.ts';
import { Removal } from '#container/removal.ts';
import { Remover } from '#container/remover.ts';
import { Restorer } from '#container/restorer.ts';
import { isActive, isLive } from '#container/state.ts';
import { type StopOptions, Stopper } from '#container/stopper.ts';
import { type Change, Updater } from '#container/updater.ts';
import { Views } from '#container/views.ts';
import { Waits } from '#container/waits.ts';
import { conflict, isEngineError } from '#core/errors.ts';
import type { Startable } from '#core/startable.ts';
import type { AttachedClient, AttachOptions, LogOptions, WaitCondition, WaitResult } from '#model/client.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { Filters } from '#model/event.ts';
import type { Change as PathChange, ProcessTable, StatsSample } from '#model/system.ts';

/**
 * The container engine: everything that can be asked of containers, by what the caller wrote (ID, part of one, or name).
 * It only hands each call to the part that knows; the parts are put together here.
 */
export class ContainerEngine {
  readonly execs: ExecEngine;
  readonly #context: ContainerContext;
  readonly #creator: Creator;
  readonly #lifecycle: Lifecycle;
  readonly #stopper: Stopper;
  readonly #removal: Removal;
  readonly #updater: Updater;
  readonly #waits: Waits;
  readonly #attaching: Attaching;
  readonly #views: Views;
  readonly #observation: Observation;
  readonly #restorer: Restorer;
  readonly #compressor: LogCompressor;

  constructor(deps: ContainerDeps, options: ContainerOptions) {
    const context = new ContainerContext(deps, options);
    const launcher = new Launcher(context);
    const remover = new Remover(context);
    const lifecycle = new Lifecycle(context, launcher, remover);
    const stopper = new Stopper(context, launcher, lifecycle);
    const execs = new Execs(context, launcher);
    this.#context = context;
    this.#lifecycle = lifecycle;
    this.#stopper = stopper;
    this.#compressor = new LogCompressor({ logger: deps.logger });
    this.#creator = new Creator(context, launcher, remover);
    this.#removal = new Removal(context, { lifecycle, stopper, remover });
    this.#updater = new Updater(context, launcher);
    this.#waits = new Waits(context);
    this.#attaching = new Attaching(context);
    this.#views = new Views(context, execs);
    this.#observation = new Observation(context, launcher);
    this.#restorer = new Restorer(context, { launcher, lifecycle, stopper, remover, execs });
    this.execs = new ExecEngine(execs);
    lifecycle.observe({ running: () => {}, ended: (record) => execs.containerEnded(record.id) });
    lifecycle.observe(this.#healthMonitors(execs));
    lifecycle.observe(new LogWatch(this.#compressor));
  }

  #healthMonitors(execs: Execs): HealthMonitors {
    return new HealthMonitors(this.#context, execProbe(this.#context, execs), (record) => {
      const { onUnhealthy, name } = record.hostConfig.restartPolicy;
      if (!onUnhealthy || name === 'no') return;
      const instance = this.#context.instance(record.id);
      instance.failedHealth = true;
      void this.#context.background.run('ending an unhealthy container', { id: record.id }, () =>
        this.#stopper.endGracefully(instance, { stops: false }),
      );
    });
  }

  /** `start` brings records and world together, before the first request; `stop` is the end of the engine, not of containers. */
  readonly life: Startable = {
    start: () => this.#restorer.restore(),
    stop: () => this.#shutDown(),
  };

  async #shutDown(): Promise<void> {
    const { options, background } = this.#context;
    this.#context.isStopping = true;
    if (!options.liveRestore) await this.#stopAll(options.shutdownTimeoutSeconds * 1000);
    await background.drained();
    this.#compressor[Symbol.dispose]();
  }

  async #stopAll(longestMs: number): Promise<void> {
    const live = this.#context.store.all().filter(({ state }) => isLive(state));
    const stopOne = ({ id }: ContainerRecord): Promise<void> =>
      this.#stopper.endGracefully(this.#context.instance(id), { stops: true, longestMs });
    for (const result of await Promise.allSettled(live.map(stopOne))) {
      if (result.status === 'rejected')
        this.#context.deps.logger.warn({ err: result.reason }, 'a container did not stop');
    }
  }

  create(request: CreateRequest): Promise<{ id: string; warnings: string[] }> {
    return this.#creator.create(request);
  }

  list(options: ListOptions & { size: boolean }): Promise<ContainerView[]> {
    return this.#views.list(options);
  }

  inspect(ref: string, options: { size: boolean }): Promise<ContainerView> {
    return this.#views.inspect(ref, options);
  }

  async start(ref: string, options: { detachKeys?: string }): Promise<void> {
    if (options.detachKeys) parseDetachKeys(options.detachKeys);
    await this.#lifecycle.start(this.#context.find(ref).instance);
  }

  async stop(ref: string, options: StopOptions): Promise<void> {
    const { instance } = this.#context.find(ref);
    await inContext(`cannot stop container: ${ref}`, this.#stopper.stop(instance, options));
  }

  async restart(ref: string, options: StopOptions): Promise<void> {
    const { instance } = this.#context.find(ref);
    await inContext(`Cannot restart container ${ref}`, this.#stopper.restart(instance, options));
  }

  async kill(ref: string, signal: string): Promise<void> {
    const kill = async () => this.#stopper.kill(this.#context.find(ref).instance, signal);
    await inContext(`cannot kill container: ${ref}`, kill());
  }

  async pause(ref: string): Promise<void> {
    await this.#stopper.pause(this.#context.find(ref).instance);
  }

  async unpause(ref: string): Promise<void> {
    await this.#stopper.unpause(this.#context.find(ref).instance);
  }

  async rename(ref: string, name: string): Promise<void> {
    await this.#updater.rename(this.#context.find(ref).instance, name);
  }

  async update(ref: string, change: Change): Promise<{ warnings: string[] }> {
    return this.#updater.update(this.#context.find(ref).instance, change);
  }

  /** Anonymous volumes belong to the volumes part; there are no links that could be removed alone. */
  async remove(ref: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void> {
    if (options.link) throw conflict('Conflict, cannot remove the default link name of the container');
    await this.#removal.remove(ref, options);
  }

  prune(filters: Filters): Promise<{ deleted: string[]; reclaimedBytes: number }> {
    return this.#removal.prune(filters);
  }

  wait(
    ref: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ id: string; result: Promise<WaitResult> }> {
    return this.#waits.wait(ref, condition, signal);
  }

  handOverWait(ref: string, client: AttachedClient, condition: WaitCondition): Promise<boolean> {
    return this.#waits.handOver(ref, client, condition);
  }

  attach(ref: string, client: AttachedClient, options: AttachOptions): Promise<void> {
    return this.#attaching.attach(ref, client, options);
  }

  async resize(ref: string, size: { rows: number; columns: number }): Promise<void> {
    await this.#attaching.resize(ref, size);
  }

  async logs(ref: string, options: LogOptions): Promise<{ tty: boolean; stream: Readable }> {
    return this.#observation.logs(ref, options);
  }

  top(ref: string, psArguments: string): Promise<ProcessTable> {
    return this.#observation.top(ref, psArguments);
  }

  stats(ref: string): Promise<{ id: string; name: string; sample: StatsSample | undefined }> {
    return this.#observation.stats(ref);
  }

  async changes(ref: string): Promise<PathChange[]> {
    return this.#context.deps.snapshots.changes(this.#context.store.find(ref).id);
  }

  /** Containers made from an image, for those who want to remove it. */
  usersOf(imageId: string): { id: string; running: boolean }[] {
    const users = this.#context.store.all().filter((record) => record.imageId === imageId);
    return users.map(({ id, state }) => ({ id, running: isActive(state) }));
  }

  counts(): { total: number; running: number; paused: number; stopped: number } {
    const states = this.#context.store.all().map(({ state }) => state.status);
    const count = (...statuses: string[]): number => states.filter((status) => statuses.includes(status)).length;
    const running = count('running', 'restarting');
    const paused = count('paused');
    return { total: states.length, running, paused, stopped: states.length - running - paused };
  }
}

async function inContext(heading: string, task: Promise<void>): Promise<void> {
  try {
    await task;
  } catch (error) {
    throw isEngineError(error, 'not-modified') ? error : withContext(heading, error);
  }
}
