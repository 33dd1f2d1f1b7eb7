// SPDX-License-Identifier: Apache-2.0
import type { ContainerContext } from '#container/context.ts';
import { exitCodeOf, markedForRemoval } from '#container/failures.ts';
import type { Instance, PendingWait, Run } from '#container/instance.ts';
import type { Launcher } from '#container/launcher.ts';
import type { Remover } from '#container/remover.ts';
import { wantsRestart } from '#container/restart-policy.ts';
import { ended, expectStartable, isLive, restartCancelled, running, startFailed } from '#container/state.ts';
import { pause } from '#container/timing.ts';
import { messageOf } from '#core/errors.ts';
import type { ContainerRecord, Health } from '#model/container.ts';
import type { ExitRecord, Shim } from '#runtime/types.ts';

/** How long the engine waits before it tries again to store an exit (a full disk). */
const STORE_AGAIN_MS = 1000;

/** Who follows the lives of containers: health checks, execs. */
export interface LifeObserver {
  /** Its process runs, since now or (after a restart of the engine) since before. */
  running(record: ContainerRecord): void;
  ended(record: ContainerRecord): void;
}

/** The life of a container's process: its start, the news of its end, and what follows from that. */
export class Lifecycle {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;
  readonly #remover: Remover;
  readonly #observers: LifeObserver[] = [];

  constructor(context: ContainerContext, launcher: Launcher, remover: Remover) {
    this.#context = context;
    this.#launcher = launcher;
    this.#remover = remover;
  }

  observe(observer: LifeObserver): void {
    this.#observers.push(observer);
  }

  /** As a person asks for it. Throws `not-modified` when it runs. */
  async start(instance: Instance): Promise<void> {
    expectStartable(this.#context.current(instance.id).state);
    await this.#context.lines.run(instance.id, async () => {
      expectStartable(this.#context.current(instance.id).state);
      instance.backOff.reset();
      await this.startInLine(instance, 'person');
    });
  }

  /** To be called in the container's line. */
  async startInLine(instance: Instance, by: 'person' | 'policy'): Promise<void> {
    if (instance.isBeingRemoved) throw markedForRemoval();
    await instance.cleanedUp;
    const { id } = instance;
    const startedAt = this.#context.deps.clock.now();
    const shim = await this.#launch(instance);
    const record = this.#context.store.saveLife(id, (before) => ({
      ...withFreshHealth(before),
      state: running(before.state, { pid: shim.pid, startedAt }),
      ...(by === 'person' && { restartCount: 0, hasBeenManuallyStopped: false }),
    }));
    this.#context.announcer.container(record, 'start');
    this.follow(instance, shim);
  }

  async #launch(instance: Instance): Promise<Shim> {
    const attachments = instance.takeAttachments();
    const record = this.#context.current(instance.id);
    try {
      return await this.#launcher.launch(record, attachments);
    } catch (error) {
      for (const { client } of attachments) client.stream.end();
      this.#startFailed(instance, error);
      throw error;
    }
  }

  #startFailed(instance: Instance, error: unknown): void {
    const failure = { error: messageOf(error), exitCode: exitCodeOf(error) };
    const record = this.#context.store.saveLife(instance.id, (before) => ({
      ...before,
      state: startFailed(before.state, failure),
    }));
    if (!record.hostConfig.autoRemove) return;
    this.#remover.erase(record);
    this.#remover.announce(record, failure.exitCode);
  }

  /** Takes charge of a container whose process runs, just started or found after a restart of the engine. */
  follow(instance: Instance, shim: Shim): void {
    const run: Run = { shim, handedOver: this.#handOver(shim, instance.takeHandOvers()), settled: Promise.resolve() };
    instance.run = run;
    for (const observer of this.#observers) observer.running(this.#context.current(instance.id));
    run.settled = shim.exited.then((exit) => this.#settleUntilStored(instance, run, exit));
  }

  /** Clients that waited for the container before it ran: from here on they are the shim's. */
  #handOver(shim: Shim, waits: PendingWait[]): Promise<unknown> {
    return Promise.all(
      waits.map(async ({ client, condition, resolve }) => {
        const options = { untilReleased: condition === 'removed' };
        await shim.handOverWait(client.stream as Parameters<Shim['handOverWait']>[0], options).then(
          () => resolve(true),
          () => resolve(false),
        );
      }),
    );
  }

  async #settleUntilStored(instance: Instance, run: Run, exit: ExitRecord): Promise<void> {
    for (;;) {
      try {
        this.#settle(instance, run, exit);
        return;
      } catch (error) {
        this.#context.deps.logger.error({ err: error, id: instance.id }, 'an exit could not be stored');
        await pause(this.#context.deps.clock, STORE_AGAIN_MS);
      }
    }
  }

  /** In one turn of the event loop: the new state is stored, then everybody is told, then the clearing away begins. */
  #settle(instance: Instance, run: Run, exit: ExitRecord): void {
    const before = this.#context.store.get(instance.id);
    if (instance.run !== run || !before || !isLive(before.state)) return;
    const ranMs = Math.max(0, exit.finishedAt.getTime() - before.state.startedAt.getTime());
    const restarts = this.#restarts(instance, before, exit);
    const isRemoved = this.#removesItself(instance, before) && !restarts;
    const after = { ...before, state: ended(before.state, exit, restarts) };
    if (restarts) after.restartCount += 1;
    if (isRemoved) this.#remover.erase(after);
    else this.#context.store.saveLife(instance.id, () => after);
    instance.run = undefined;
    instance.failedHealth = false;
    this.#tell(instance, after, { exit, ranMs });
    this.#clearAway(instance, after, run);
    if (isRemoved) this.#remover.announce(after, exit.exitCode);
    else if (restarts) this.#scheduleRestart(instance, instance.backOff.afterRun(ranMs));
  }

  #restarts(instance: Instance, record: ContainerRecord, exit: ExitRecord): boolean {
    if (this.#context.isStopping || record.hasBeenManuallyStopped) return false;
    if (instance.isBeingRemoved || instance.isBeingRestarted) return false;
    const failed = exit.exitCode !== 0 || instance.failedHealth;
    return wantsRestart(record.hostConfig.restartPolicy, { failed, restartCount: record.restartCount });
  }

  #removesItself(instance: Instance, record: ContainerRecord): boolean {
    return record.hostConfig.autoRemove && !instance.isBeingRemoved && !instance.isBeingRestarted;
  }

  #tell(instance: Instance, record: ContainerRecord, end: { exit: ExitRecord; ranMs: number }): void {
    const { announcer } = this.#context;
    for (const observer of this.#observers) observer.ended(record);
    if (end.exit.oomKilled) announcer.container(record, 'oom');
    announcer.container(record, 'die', {
      exitCode: String(end.exit.exitCode),
      execDuration: String(Math.floor(end.ranMs / 1000)),
    });
    instance.answer(['not-running', 'next-exit'], { exitCode: end.exit.exitCode });
  }

  /** The shim is let go first: those who wait for the container's removal are answered by that. */
  #clearAway(instance: Instance, record: ContainerRecord, run: Run): void {
    instance.cleanedUp = this.#context.background.run(
      'clearing away after a container',
      { id: record.id },
      async () => {
        await run.handedOver;
        await run.shim.release();
        await this.#launcher.cleanUp(record);
      },
    );
  }

  #scheduleRestart(instance: Instance, delayMs: number): void {
    const { deps, lines } = this.#context;
    instance.pendingRestart = deps.clock.after(delayMs, () => {
      instance.pendingRestart = undefined;
      lines
        .run(instance.id, () => this.#restartByPolicy(instance))
        .catch((err: unknown) => deps.logger.warn({ err, id: instance.id }, 'a container could not be restarted'));
    });
  }

  /** To be called in the container's line. */
  async #restartByPolicy(instance: Instance): Promise<void> {
    if (this.#context.isStopping || this.#context.store.get(instance.id)?.state.status !== 'restarting') return;
    await this.startInLine(instance, 'policy');
  }

  /** Starts a container as its policy wants when the engine comes up. */
  async startWithEngine(instance: Instance): Promise<void> {
    await this.#context.lines.run(instance.id, async () => {
      const { status } = this.#context.current(instance.id).state;
      if (status === 'exited' || status === 'restarting') await this.startInLine(instance, 'policy');
    });
  }

  /** A person doesn't want it back. Does nothing unless it is between two runs. */
  async cancelRestart(instance: Instance): Promise<void> {
    if (this.#context.store.get(instance.id)?.state.status !== 'restarting') return;
    await this.#context.lines.run(instance.id, async () => this.cancelRestartInLine(instance));
  }

  /** To be called in the container's line. */
  cancelRestartInLine(instance: Instance): void {
    if (this.#context.store.get(instance.id)?.state.status !== 'restarting') return;
    instance.pendingRestart?.[Symbol.dispose]();
    instance.pendingRestart = undefined;
    const record = this.#context.store.saveLife(instance.id, (before) => ({
      ...before,
      hasBeenManuallyStopped: true,
      state: restartCancelled(before.state),
    }));
    if ('exitCode' in record.state) instance.answer(['not-running'], { exitCode: record.state.exitCode });
  }
}

/** A container with a health check starts anew with every process. */
function withFreshHealth(record: ContainerRecord): ContainerRecord {
  const test = record.config.healthcheck?.test[0];
  if (test === undefined || test === 'NONE') return record;
  const health: Health = { status: 'starting', failingStreak: 0, log: record.health?.log ?? [] };
  return { ...record, health };
}
