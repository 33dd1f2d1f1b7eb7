// SPDX-License-Identifier: Apache-2.0

import { Announcer } from '#container/announcer.ts';
import { Background } from '#container/background.ts';
import type { ContainerDeps, ContainerOptions } from '#container/deps.ts';
import { noSuchContainer } from '#container/failures.ts';
import { Instance } from '#container/instance.ts';
import { ContainerPaths } from '#container/paths.ts';
import { ContainerStore } from '#container/store.ts';
import { KeyedMutex } from '#core/keyed-mutex.ts';
import type { ContainerRecord } from '#model/container.ts';

/** What every part of the container engine works with. */
export class ContainerContext {
  readonly deps: ContainerDeps;
  readonly options: ContainerOptions;
  readonly store: ContainerStore;
  readonly paths: ContainerPaths;
  readonly announcer: Announcer;
  readonly background: Background;
  /** One line per container for what changes it; reads don't stand in it, nor does the news of an exit. */
  readonly lines = new KeyedMutex();
  readonly #instances = new Map<string, Instance>();
  /** The engine is going down: nothing is restarted any more. */
  isStopping = false;

  constructor(deps: ContainerDeps, options: ContainerOptions) {
    this.deps = deps;
    this.options = options;
    this.store = new ContainerStore(deps.database);
    this.paths = new ContainerPaths(options);
    this.announcer = new Announcer(deps.events, deps.logger);
    this.background = new Background(deps.logger);
  }

  instance(id: string): Instance {
    const known = this.#instances.get(id);
    if (known) return known;
    if (!this.store.get(id)) throw noSuchContainer(id);
    const instance = new Instance(id);
    this.#instances.set(id, instance);
    return instance;
  }

  /** What is held of a container that may be gone from the database already. */
  existingInstance(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** By what the caller wrote. */
  find(ref: string): { record: ContainerRecord; instance: Instance } {
    const record = this.store.find(ref);
    return { record, instance: this.instance(record.id) };
  }

  /** The record as it is now; throws when the container was removed meanwhile. */
  current(id: string): ContainerRecord {
    const record = this.store.get(id);
    if (!record) throw noSuchContainer(id);
    return record;
  }

  forget(id: string): void {
    this.#instances.delete(id);
  }
}
