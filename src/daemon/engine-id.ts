// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The identity of this data root, made at its first start and the same ever after (`ID` in `docker info`). */
export function engineId(path: string): string {
  const known = readIfThere(path);
  if (known !== undefined && UUID.test(known)) return known;
  const id = randomUUID();
  writeFileSync(`${path}.new`, id, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return id;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
