// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes the directory and keeps every other hoyd out of it until disposed. The lock is the kernel's (an empty SQLite
 * database that is held exclusively), so it ends with the process however that dies.
 */
export function lockRoot(directory: string, mode: number): Disposable {
  mkdirSync(directory, { recursive: true, mode });
  chmodSync(directory, mode);
  const lock = new DatabaseSync(join(directory, 'hoyd.lock'));
  try {
    lock.exec(
      'PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE',
    );
  } catch (error) {
    lock.close();
    if (!/locked/.test(String(error))) throw error;
    throw new Error(`${directory} is in use by another hoyd: stop it, or give this one directories of its own`);
  }
  return { [Symbol.dispose]: () => lock.close() };
}
