// SPDX-License-Identifier: Apache-2.0
import { closeSync, readdirSync } from 'node:fs';
import { AT_REMOVEDIR, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openat, unlinkat } from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { type FileStat, fstatat, isDirectory, S_IFCHR, S_IFMT } from '#linux/stat.ts';

/** Directory trees by descriptor: nothing here follows a link, whatever is renamed meanwhile. */

/** The names in an open directory, sorted. */
export const namesIn = (fd: number): Buffer[] =>
  readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }).sort(Buffer.compare);

export const openDirectoryAt = (dirFd: number, name: Buffer | string): number =>
  openat(dirFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

/** Removes a file or a whole tree. Idempotent. */
export function removeAt(dirFd: number, name: Buffer): void {
  try {
    unlinkat(dirFd, name);
    return;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    if (!hasErrno(error, 'EISDIR', 'EPERM')) throw error;
  }
  const fd = openDirectoryAt(dirFd, name);
  try {
    for (const child of namesIn(fd)) removeAt(fd, child);
  } finally {
    closeSync(fd);
  }
  unlinkat(dirFd, name, AT_REMOVEDIR);
}

/** Overlayfs' mark that what lower layers have under this name is deleted. */
export const isWhiteout = (stat: FileStat): boolean =>
  (stat.mode & S_IFMT) === S_IFCHR && stat.rdev.major === 0 && stat.rdev.minor === 0;

/** Sum of the sizes of all files below an open directory; a file with several names counts once. */
export function treeSize(dirFd: number, seen = new Set<bigint>()): number {
  let sizeBytes = 0;
  for (const name of namesIn(dirFd)) {
    try {
      const stat = fstatat(dirFd, name);
      if (isDirectory(stat)) sizeBytes += sizeInside(dirFd, name, seen);
      else if (stat.nlink === 1 || !seen.has(stat.ino)) sizeBytes += Number(stat.sizeBytes);
      if (stat.nlink > 1) seen.add(stat.ino);
    } catch (error) {
      // A running container removes files while they are counted.
      if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    }
  }
  return sizeBytes;
}

function sizeInside(dirFd: number, name: Buffer, seen: Set<bigint>): number {
  const fd = openDirectoryAt(dirFd, name);
  try {
    return treeSize(fd, seen);
  } finally {
    closeSync(fd);
  }
}
