// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { hasErrno } from '#linux/errno.ts';
import { numberFor, systemCall } from '#linux/ffi.ts';

const sysIoctl = (): number => numberFor({ x64: 16, arm64: 29 });
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;

/** `chattr +T`: ext4 spreads the directory's subdirectories over the disk. */
const FS_TOPDIR_FLAG = 0x00020000;

/**
 * Tells the file system that the trees below the directory have nothing to do with each other. On ext4 that matters: it never
 * reuses the inodes of what was deleted within the last minute or so, and looks at each of them for every file that is made
 * in the same part of the disk. Unpacking 7,000 files after as many were deleted took 6 s without, 0.3 s with the flag.
 * Returns false where the file system knows no such flag.
 */
export function spreadSubdirectories(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const flags = Buffer.alloc(8);
    systemCall('ioctl', sysIoctl(), path, fd, FS_IOC_GETFLAGS, flags);
    flags.writeUInt32LE((flags.readUInt32LE(0) | FS_TOPDIR_FLAG) >>> 0, 0);
    systemCall('ioctl', sysIoctl(), path, fd, FS_IOC_SETFLAGS, flags);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOTTY', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL', 'EPERM', 'ENOSYS')) return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}
