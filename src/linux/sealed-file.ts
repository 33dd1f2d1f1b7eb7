// SPDX-License-Identifier: Apache-2.0
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { cString, libcCall } from '#linux/ffi.ts';

const MFD_CLOEXEC = 0x1;
const MFD_ALLOW_SEALING = 0x2;
const F_ADD_SEALS = 1033;
/** Neither written nor resized ever again, nor unsealed. */
const F_SEAL_ALL = 0x1 | 0x2 | 0x4 | 0x8;

const memfdCreate = libcCall('memfd_create', 'int', ['pointer', 'int']);
const fcntl = libcCall('fcntl', 'int', ['int', 'int', 'int']);

/** A copy of a file in memory that nobody can change any more, root included. The descriptor is the caller's to close. */
export function sealedCopy(path: string): number {
  const content = readFileSync(path);
  const file = memfdCreate(path, cString(path), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  try {
    for (let written = 0; written < content.length; ) written += writeSync(file, content, written);
    fcntl(path, file, F_ADD_SEALS, F_SEAL_ALL);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}
