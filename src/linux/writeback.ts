// SPDX-License-Identifier: Apache-2.0
import { numberFor, systemCall } from '#linux/ffi.ts';

const sysSyncFileRange = (): number => numberFor({ x64: 277, arm64: 84 });
const SYNC_FILE_RANGE_WRITE = 2;

/**
 * Asks the kernel to begin writing a part of a file to disk, and doesn't wait for it: a later sync then finds less to do.
 * A length of 0 is up to the end. Promises nothing about what is on disk.
 */
export function startWriteback(fd: number, offset: number, length: number): void {
  systemCall('sync_file_range', sysSyncFileRange(), undefined, fd, offset, length, SYNC_FILE_RANGE_WRITE);
}
