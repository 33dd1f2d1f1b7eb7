// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasDocker } from './run-cli.ts';

/**
 * What Docker's own client did, kept in a file, so that ours is compared with it on machines without Docker too. Where
 * Docker's client is there, it is asked again and must still do the same; `RECORD=1` writes the file anew.
 */
export class Recording {
  readonly #path: string;
  readonly #entries: Record<string, unknown>;

  constructor(name: string) {
    this.#path = join(import.meta.dirname, `${name}.recorded.json`);
    this.#entries = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : {};
  }

  /** Checks that `ours` is what Docker did. */
  async compare(key: string, ours: unknown, askDocker: () => Promise<unknown>): Promise<void> {
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    if (hasDocker) {
      const theirs = plain(await askDocker());
      if (process.env.RECORD) this.#entries[key] = theirs;
      assert.deepEqual(theirs, this.#entries[key], "docker's client does something else now");
    }
    assert.ok(Object.hasOwn(this.#entries, key), `nothing is recorded for ${key}: run the test with RECORD=1`);
    assert.deepEqual(plain(ours), this.#entries[key]);
  }

  /** Writes what was recorded, if that was asked for. */
  save(): void {
    if (process.env.RECORD) writeFileSync(this.#path, `${JSON.stringify(this.#entries, null, 1)}\n`);
  }
}
