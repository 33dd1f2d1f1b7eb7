// SPDX-License-Identifier: Apache-2.0
import type { ContainerContext } from '#container/context.ts';
import { alreadyStopped, withContext } from '#container/failures.ts';
import type { Instance } from '#container/instance.ts';
import type { Launcher } from '#container/launcher.ts';
import type { Lifecycle } from '#container/lifecycle.ts';
import { parseSignal, SIGKILL, stopSignalOf } from '#container/signals.ts';
import { expectLive, isActive, isLive, paused, unpaused } from '#container/state.ts';
import { settlesWithin } from '#container/timing.ts';
import { EngineError } from '#core/errors.ts';
import type { ContainerRecord } from '#model/container.ts';

/** How long a process may take to die of SIGKILL before that counts as an error. */
const KILL_TIMEOUT_MS = 10_000;

export interface StopOptions {
  signal?: string;
  timeoutSeconds?: number;
}

/** What ends, freezes and thaws a container's process. */
export class Stopper {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;
  readonly #lifecycle: Lifecycle;

  constructor(context: ContainerContext, launcher: Launcher, lifecycle: Lifecycle) {
    this.#context = context;
    this.#launcher = launcher;
    this.#lifecycle = lifecycle;
  }

  /** Throws `not-modified` when it doesn't run. */
  async stop(instance: Instance, options: StopOptions): Promise<void> {
    if (!isActive(this.#context.current(instance.id).state)) throw alreadyStopped();
    await this.#stopActive(instance, options);
  }

  async #stopActive(instance: Instance, options: StopOptions): Promise<void> {
    await this.#end(instance, options);
    const record = this.#context.store.get(instance.id);
    if (record) this.#context.announcer.container(record, 'stop');
  }

  /** Starts it also when it did not run. */
  async restart(instance: Instance, options: StopOptions): Promise<void> {
    const { lines, announcer } = this.#context;
    instance.isBeingRestarted = true;
    try {
      if (isActive(this.#context.current(instance.id).state)) await this.#stopActive(instance, options);
      await lines.run(instance.id, async () => {
        instance.backOff.reset();
        // Somebody else may have started it while this one waited in line.
        if (!isActive(this.#context.current(instance.id).state)) await this.#lifecycle.startInLine(instance, 'person');
      });
    } finally {
      instance.isBeingRestarted = false;
    }
    announcer.container(this.#context.current(instance.id), 'restart');
  }

  /** Sends a signal; with SIGKILL, waits for the end. */
  async kill(instance: Instance, signalText: string): Promise<void> {
    const signal = parseSignal(signalText || 'SIGKILL');
    const record = this.#context.current(instance.id);
    if (record.state.status === 'restarting') {
      await this.#lifecycle.cancelRestart(instance);
      return;
    }
    expectLive(record.id, record.state);
    if (signal === SIGKILL) await this.killNow(instance);
    else await this.#send(instance, signal, { stops: signal === stopSignalOf(record.config) });
  }

  /** Resolves when the process is gone and its end recorded. */
  async killNow(instance: Instance, options: { stops: boolean } = { stops: true }): Promise<void> {
    const { run } = instance;
    if (!run) return;
    await this.#send(instance, SIGKILL, options);
    if (await settlesWithin(this.#context.deps.clock, run.settled, KILL_TIMEOUT_MS)) return;
    throw new EngineError('internal', 'tried to kill container, but did not receive an exit event');
  }

  async #end(instance: Instance, options: StopOptions): Promise<void> {
    await this.#lifecycle.cancelRestart(instance);
    const record = this.#context.store.get(instance.id);
    if (record) await this.endProcess(instance, this.#plan(record, options));
  }

  #plan(record: ContainerRecord, options: StopOptions): { signal: number; timeoutMs: number } {
    const seconds =
      options.timeoutSeconds ?? record.config.stopTimeoutSeconds ?? this.#context.options.defaultStopTimeoutSeconds;
    return {
      signal: options.signal ? parseSignal(options.signal) : stopSignalOf(record.config),
      timeoutMs: seconds * 1000,
    };
  }

  /** Asks the process to end, and kills it when it takes too long. Resolves when its end is recorded. */
  async endProcess(
    instance: Instance,
    plan: { signal: number; timeoutMs: number },
    options: { stops: boolean } = { stops: true },
  ): Promise<void> {
    const { run } = instance;
    if (!run) return;
    await this.#send(instance, plan.signal, options);
    if (await settlesWithin(this.#context.deps.clock, run.settled, plan.timeoutMs)) return;
    await this.killNow(instance, options);
  }

  /** With the grace that the container itself asks for. */
  async endGracefully(instance: Instance, options: { stops: boolean; longestMs?: number }): Promise<void> {
    const plan = this.#plan(this.#context.current(instance.id), {});
    const { longestMs = -1 } = options;
    const timeoutMs =
      longestMs < 0 ? plan.timeoutMs : Math.min(plan.timeoutMs < 0 ? longestMs : plan.timeoutMs, longestMs);
    await this.endProcess(instance, { ...plan, timeoutMs }, options);
  }

  /** `stops`: a person wants it gone, so that no policy brings it back. A frozen process hears of it when it is thawed. */
  async #send(instance: Instance, signal: number, { stops }: { stops: boolean }): Promise<void> {
    const record = this.#context.store.get(instance.id);
    if (!record || !isLive(record.state)) return;
    if (stops && !this.#context.isStopping) this.#markStopped(record);
    const { operations } = this.#context.deps;
    // Where the container's processes don't end with its first one, SIGKILL is for all of them.
    const isForAll = signal === SIGKILL && record.hostConfig.pidMode !== '';
    if (!isForAll && !operations.signal(record.state.pid, signal)) return;
    this.#context.announcer.container(record, 'kill', { signal: String(signal) });
    if (isForAll) await operations.killAll(this.#launcher.runtimeContainer(record));
    if (stops && record.state.status === 'paused') await this.#thaw(record);
  }

  #markStopped(record: ContainerRecord): void {
    if (record.hasBeenManuallyStopped) return;
    this.#context.store.saveLife(record.id, (before) => ({ ...before, hasBeenManuallyStopped: true }));
  }

  async #thaw(record: ContainerRecord): Promise<void> {
    await this.#context.deps.operations.resume(this.#launcher.runtimeContainer(record));
    const now = this.#context.store.get(record.id);
    if (now?.state.status !== 'paused') return;
    this.#context.store.saveLife(record.id, (before) => ({ ...before, state: unpaused(before.id, before.state) }));
  }

  async pause(instance: Instance): Promise<void> {
    await this.#context.lines.run(instance.id, async () => {
      const record = this.#context.current(instance.id);
      paused(record.id, record.state);
      await this.#runtimeCall('pause', record);
      this.#saveState(record.id, (state) => paused(record.id, state), 'pause');
    });
  }

  async unpause(instance: Instance): Promise<void> {
    await this.#context.lines.run(instance.id, async () => {
      const record = this.#context.current(instance.id);
      unpaused(record.id, record.state);
      await this.#runtimeCall('resume', record);
      this.#saveState(record.id, (state) => unpaused(record.id, state), 'unpause');
    });
  }

  async #runtimeCall(call: 'pause' | 'resume', record: ContainerRecord): Promise<void> {
    const heading = call === 'pause' ? 'cannot pause container' : 'Cannot unpause container';
    try {
      await this.#context.deps.operations[call](this.#launcher.runtimeContainer(record));
    } catch (error) {
      throw withContext(`${heading} ${record.id}`, error);
    }
  }

  #saveState(id: string, change: (state: ContainerRecord['state']) => ContainerRecord['state'], action: string): void {
    const record = this.#context.store.saveLife(id, (before) => ({ ...before, state: change(before.state) }));
    this.#context.announcer.container(record, action);
  }
}
