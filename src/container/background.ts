// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '#core/logger.ts';

/** Work that nobody waits for: clearing away. What fails is logged; the next start of the engine tries again. */
export class Background {
  readonly #logger: Logger;
  readonly #tasks = new Set<Promise<void>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Settles when the task has ended, whether it succeeded or not. */
  run(what: string, fields: object, task: () => Promise<unknown>): Promise<void> {
    const done: Promise<void> = task().then(
      () => {},
      (error: unknown) => this.#logger.warn({ ...fields, err: error }, `${what} failed`),
    );
    const tracked = done.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
    return tracked;
  }

  /** Resolves when nothing is left to do. */
  async drained(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }
}
