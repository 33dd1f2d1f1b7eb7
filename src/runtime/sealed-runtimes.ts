// SPDX-License-Identifier: Apache-2.0
import { closeSync, statSync } from 'node:fs';
import { sealedCopy } from '#linux/sealed-file.ts';
import type { OciRuntime } from '#runtime/types.ts';

interface Copy {
  file: number;
  /** Of the file that was copied: a runtime that is upgraded is copied again. */
  stamp: string;
}

/**
 * Sealed copies of runtimes. crun protects itself from containers that would overwrite it (CVE-2019-5736) by starting
 * from a copy that can't be written, which it makes each time, unless it was started from one. Made once, that is a
 * quarter of the time of an exec.
 */
export class SealedRuntimes implements Disposable {
  readonly #copies = new Map<string, Copy>();

  /** Path of the copy, valid while this process lives; `undefined` where none is of use or none can be made. */
  programOf({ path, version }: OciRuntime): string | undefined {
    if (!version.startsWith('crun version ')) return undefined;
    try {
      return `/proc/${process.pid}/fd/${this.#copyOf(path).file}`;
    } catch {
      // The runtime makes its own.
      return undefined;
    }
  }

  #copyOf(path: string): Copy {
    const { ino, size, mtimeMs } = statSync(path);
    const stamp = `${ino} ${size} ${mtimeMs}`;
    const known = this.#copies.get(path);
    if (known?.stamp === stamp) return known;
    const copy = { file: sealedCopy(path), stamp };
    if (known) closeSync(known.file);
    this.#copies.set(path, copy);
    return copy;
  }

  [Symbol.dispose](): void {
    for (const { file } of this.#copies.values()) closeSync(file);
    this.#copies.clear();
  }
}
