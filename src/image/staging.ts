// SPDX-License-Identifier: Apache-2.0

import type { StageLayer } from '#image/committer.ts';
import type { ImageContext } from '#image/deps.ts';
import type { StagedLayer } from '#layer/layer-store.ts';
import type { ReceivedFile } from '#layer/worker-protocol.ts';

/** So many layers are unpacked before it is known whether the archive's images have them. */
const MAX_AHEAD = 500;

/** Unpacks each file of one archive once, as many at a time as there are workers; drops what was not committed. */
export class Staging implements AsyncDisposable {
  readonly #context: ImageContext;
  readonly #signal: AbortSignal;
  readonly #staged = new Map<string, Promise<StagedLayer>>();
  readonly #all = new Set<Promise<StagedLayer>>();

  constructor(context: ImageContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Begins to unpack what will probably be needed. */
  begin(file: ReceivedFile): void {
    if (this.#all.size >= MAX_AHEAD) return;
    this.stage(file).catch(() => {
      // Whoever needs it gets the error; if nobody does, it was no layer.
    });
  }

  readonly stage: StageLayer = (file, options) => {
    const known = this.#staged.get(file.path);
    if (known !== undefined && options?.again !== true) return known;
    const staged = this.#context.layers.stage(file, this.#signal);
    this.#staged.set(file.path, staged);
    this.#all.add(staged);
    return staged;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const result of await Promise.allSettled(this.#all)) {
      if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
    }
  }
}
