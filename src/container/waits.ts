// SPDX-License-Identifier: Apache-2.0

import type { Socket } from 'node:net';
import type { ContainerContext } from '#container/context.ts';
import type { Instance, Waiter } from '#container/instance.ts';
import { exitCodeIn, isActive } from '#container/state.ts';
import type { AttachedClient, WaitCondition, WaitResult } from '#model/client.ts';
import type { ContainerRecord } from '#model/container.ts';

/** Waiting for a container to end or to be gone: by the engine, or by its shim, which outlives the engine. */
export class Waits {
  readonly #context: ContainerContext;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** Throws at once for a container that doesn't exist. An aborted wait never settles. */
  async wait(
    ref: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ id: string; result: Promise<WaitResult> }> {
    const { record, instance } = this.#context.find(ref);
    if (condition === 'not-running' && !isActive(record.state)) {
      return { id: record.id, result: Promise.resolve(resultOf(record)) };
    }
    return { id: record.id, result: this.#enlist(instance, condition, signal) };
  }

  #enlist(instance: Instance, condition: WaitCondition, signal: AbortSignal): Promise<WaitResult> {
    return new Promise((resolve) => {
      const waiter: Waiter = { condition, resolve };
      instance.waiters.add(waiter);
      signal.addEventListener('abort', () => instance.waiters.delete(waiter), { once: true });
    });
  }

  /**
   * Passes a waiting client to the shim, now or as soon as there is one. `false` means that the engine answers it:
   * at once where the shim couldn't know the answer, or when it turns out that there will be no process. It never throws
   * for a container that is gone by now: the answer has begun already.
   */
  async handOver(id: string, client: AttachedClient, condition: WaitCondition): Promise<boolean> {
    const record = this.#context.store.get(id);
    if (!record || !client.passable || !shimKnows(record, condition)) return false;
    const instance = this.#context.instance(record.id);
    if (!instance.run)
      return condition === 'not-running' ? false : this.#untilThereIsAShim(instance, client, condition);
    const { shim } = instance.run;
    const passed = shim.handOverWait(client.stream as Socket, { untilReleased: condition === 'removed' }).then(
      () => true,
      () => false,
    );
    instance.run.handedOver = Promise.all([instance.run.handedOver, passed]);
    return passed;
  }

  #untilThereIsAShim(instance: Instance, client: AttachedClient, condition: WaitCondition): Promise<boolean> {
    return new Promise((resolve) => {
      const pending = { client, condition, resolve };
      instance.handOvers.add(pending);
      client.stream.once('close', () => {
        if (instance.handOvers.delete(pending)) resolve(false);
      });
    });
  }
}

/** A shim knows of removal only where that follows from the exit. */
const shimKnows = ({ hostConfig }: ContainerRecord, condition: WaitCondition): boolean =>
  condition !== 'removed' || (hostConfig.autoRemove && hostConfig.restartPolicy.name === 'no');

function resultOf({ state }: ContainerRecord): WaitResult {
  const exitCode = exitCodeIn(state);
  return 'error' in state && state.error ? { exitCode, error: state.error } : { exitCode };
}
