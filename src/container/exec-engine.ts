// SPDX-License-Identifier: Apache-2.0
import type { ExecStartOptions, Execs } from '#container/execs.ts';
import type { ExecConfig, ExecRecord } from '#model/container.ts';

/** What can be asked of execs from outside. */
export class ExecEngine {
  readonly #execs: Execs;

  constructor(execs: Execs) {
    this.#execs = execs;
  }

  create(containerRef: string, config: ExecConfig): Promise<string> {
    return this.#execs.create(containerRef, config);
  }

  async inspect(id: string): Promise<ExecRecord> {
    return this.#execs.inspect(id);
  }

  start(id: string, options: ExecStartOptions): Promise<void> {
    return this.#execs.start(id, options);
  }

  async checkStart(id: string, _options: { detach: boolean }): Promise<ExecRecord> {
    return this.#execs.checkStart(id);
  }

  resize(id: string, size: { rows: number; columns: number }): Promise<void> {
    return this.#execs.resize(id, size);
  }
}
