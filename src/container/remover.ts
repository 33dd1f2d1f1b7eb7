// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import type { ContainerContext } from '#container/context.ts';
import { exitCodeIn } from '#container/state.ts';
import type { ContainerRecord } from '#model/container.ts';

/** Takes containers out of the world: first out of the database, then, with nobody waiting, from the disk. */
export class Remover {
  readonly #context: ContainerContext;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** Only the database: from here on the container doesn't exist, and what it left is cleared away even after a crash. */
  erase(record: ContainerRecord): void {
    // One that removes itself would be removed at the next start of the engine anyway.
    this.#context.store.delete(record.id, record.hostConfig.autoRemove ? 'crash' : 'power-loss');
  }

  /** After `erase`: tells everybody, and starts to clear the files away. */
  announce(record: ContainerRecord, exitCode = exitCodeIn(record.state)): void {
    const { announcer, background } = this.#context;
    announcer.container(record, 'destroy');
    const instance = this.#context.existingInstance(record.id);
    instance?.answer(['not-running', 'next-exit', 'removed'], { exitCode });
    instance?.dismissClients();
    this.#context.forget(record.id);
    const cleanedUp = instance?.cleanedUp ?? Promise.resolve();
    void background.run('removing the files of a container', { id: record.id }, async () => {
      await cleanedUp;
      await this.removeFiles(record.id);
    });
  }

  /** The writable layer and the container's own directory. Idempotent. */
  async removeFiles(id: string): Promise<void> {
    const { deps, paths } = this.#context;
    await Promise.all([deps.snapshots.remove(id), rm(paths.container(id), { recursive: true, force: true })]);
  }
}
