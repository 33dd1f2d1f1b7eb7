// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import type { CgroupLayout } from '#linux/cgroup.ts';
import type { OciRuntime } from '#runtime/types.ts';

/** Raised when a trial means something else than before. */
const TRIAL_VERSION = 1;

type TrialResult = Pick<OciRuntime, 'version' | 'hideUnifiedCgroup'>;

/**
 * Remembers which runtimes passed their trial, for as long as binary, arguments, kernel and control groups stay the same.
 * A cache: without it, or with a broken one, everything is tried again.
 */
export class TrialCache {
  readonly #file: string;
  readonly #host: string;
  readonly #entries: Map<string, TrialResult>;
  #changed = false;

  constructor(directory: string, layout: CgroupLayout) {
    this.#file = join(directory, 'runtimes.json');
    this.#host = `${TRIAL_VERSION} ${release()} ${layout.kind} ${[...layout.controllers].sort().join(',')}`;
    this.#entries = readEntries(this.#file);
  }

  get(path: string, args: readonly string[]): TrialResult | undefined {
    return this.#entries.get(this.#key(path, args));
  }

  set(path: string, args: readonly string[], { version, hideUnifiedCgroup }: TrialResult): void {
    this.#entries.set(this.#key(path, args), { version, hideUnifiedCgroup });
    this.#changed = true;
  }

  /** Writes the file anew if something was learnt: readers see the old or the new one whole. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const partial = `${this.#file}.${process.pid}`;
    await writeFile(partial, JSON.stringify([...this.#entries]), { mode: 0o600 });
    await rename(partial, this.#file);
  }

  #key(path: string, args: readonly string[]): string {
    const { mtimeMs, size, ino } = statSync(path);
    return JSON.stringify([this.#host, path, args, mtimeMs, size, ino]);
  }
}

function readEntries(file: string): Map<string, TrialResult> {
  try {
    const entries = JSON.parse(readFileSync(file, 'utf8')) as [string, TrialResult][];
    return new Map(entries.filter(([, result]) => typeof result.version === 'string'));
  } catch {
    return new Map();
  }
}
