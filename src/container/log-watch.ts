// SPDX-License-Identifier: Apache-2.0
import type { LifeObserver } from '#container/lifecycle.ts';
import type { LogCompressor } from '#container/log-compression.ts';
import { parseLogOptions } from '#container/log-options.ts';
import type { ContainerRecord } from '#model/container.ts';

/** Has the rotated logs of running containers compressed, where they want that. */
export class LogWatch implements LifeObserver {
  readonly #compressor: LogCompressor;
  readonly #watched = new Map<string, Disposable>();

  constructor(compressor: LogCompressor) {
    this.#compressor = compressor;
  }

  running({ id, hostConfig, logPath }: ContainerRecord): void {
    if (hostConfig.logConfig.driver === 'none' || !parseLogOptions(hostConfig.logConfig).compress) return;
    this.#watched.get(id)?.[Symbol.dispose]();
    this.#watched.set(id, this.#compressor.watch(logPath));
  }

  ended({ id, logPath }: ContainerRecord): void {
    const watch = this.#watched.get(id);
    if (!watch) return;
    watch[Symbol.dispose]();
    this.#watched.delete(id);
    void this.#compressor.compress(logPath);
  }
}
