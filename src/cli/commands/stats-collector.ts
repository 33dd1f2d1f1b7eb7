// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerStats, toUsage } from '#cli/rows/stats-row.ts';
import type { EngineClient } from '#client/engine-client.ts';

/** Without news for so long, the numbers of a container are not shown any more. */
const SILENCE_MS = 2_000;
const SHORT_ID = 12;

interface Collected {
  stats: ContainerStats;
  first: Promise<void>;
  error: unknown;
  abort: AbortController;
}

/** Keeps the latest sample of each container. */
export class StatsCollector {
  readonly #engine: EngineClient;
  readonly #stream: boolean;
  readonly #collected = new Map<string, Collected>();
  /** Settles when the engine stops telling about containers. */
  #ended: Promise<void> = new Promise(() => {});

  constructor(engine: EngineClient, stream: boolean) {
    this.#engine = engine;
    this.#stream = stream;
  }

  /** Begins to watch a container; nothing happens if it is watched already. */
  add(ref: string): void {
    if (this.#collected.has(ref)) return;
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const stats: ContainerStats = { container: ref, id: '', name: '', usage: undefined };
    const collected: Collected = { stats, first, error: undefined, abort: new AbortController() };
    this.#collected.set(ref, collected);
    this.#watch(collected, resolve).finally(resolve);
  }

  /** Watches the running containers, or all, and those that are started from now on. */
  async follow(all: boolean): Promise<void> {
    const events = await this.#engine.system.events({ filters: new Map([['type', ['container']]]) });
    this.#ended = this.#heed(events, all);
    const containers = await this.#engine.containers.list({ all, limit: 0, size: false });
    for (const { Id } of containers) this.add(Id.slice(0, SHORT_ID));
  }

  /** Resolves when every container has a sample or an error. */
  async first(): Promise<void> {
    await Promise.all([...this.#collected.values()].map(({ first }) => first));
  }

  errors(): unknown[] {
    return [...this.#collected.values()].flatMap(({ error }) => (error === undefined ? [] : [error]));
  }

  all(): ContainerStats[] {
    return [...this.#collected.values()].map(({ stats }) => stats);
  }

  /** Waits that long; true if there is nothing more to come. */
  async endsWithin(milliseconds: number): Promise<boolean> {
    return Promise.race([this.#ended.then(() => true), sleep(milliseconds, false)]);
  }

  async #heed(events: AsyncIterable<{ Action: string; Actor: { ID: string } }>, all: boolean): Promise<void> {
    for await (const { Action, Actor } of events) {
      const id = Actor.ID.slice(0, SHORT_ID);
      if (Action === 'start' || (all && Action === 'create')) this.add(id);
      else if (Action === 'die' && !all) this.#remove(id);
    }
  }

  #remove(ref: string): void {
    this.#collected.get(ref)?.abort.abort();
    this.#collected.delete(ref);
  }

  async #watch(collected: Collected, onFirst: () => void): Promise<void> {
    const { stats, abort } = collected;
    const silence = setTimeout(() => {
      stats.usage = undefined;
      onFirst();
    }, SILENCE_MS);
    try {
      for await (const sample of this.#engine.containers.stats(stats.container, this.#stream, abort.signal)) {
        silence.refresh();
        collected.error = undefined;
        Object.assign(stats, { id: sample.id ?? '', name: sample.name ?? '', usage: toUsage(sample) });
        onFirst();
      }
    } catch (error) {
      collected.error = error;
      stats.usage = undefined;
    } finally {
      clearTimeout(silence);
    }
  }
}
