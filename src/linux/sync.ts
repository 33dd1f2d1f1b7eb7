// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { libcCallAsync } from '#linux/ffi.ts';

const libcSyncfs = libcCallAsync('syncfs', ['int']);

/** Resolves when everything written to the file system that holds `path` is on disk. Waits on a thread of its own. */
export async function syncfs(path: string): Promise<void> {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    await libcSyncfs(path, fd);
  } finally {
    closeSync(fd);
  }
}
