// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { closeSync, opendirSync, readdirSync } from 'node:fs';
import { AT_REMOVEDIR, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openat, renameat, unlinkat } from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { type FileStat, fstatat, isDirectory, S_IFCHR, S_IFMT } from '#linux/stat.ts';

/** Directory trees by descriptor: nothing here follows a link, whatever is renamed meanwhile. */

/** The names in an open directory, sorted. */
export const namesIn = (fd: number): Buffer[] =>
  readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }).sort(Buffer.compare);

export const openDirectoryAt = (dirFd: number, name: Buffer | string): number =>
  openat(dirFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

/** The names in an open directory, a few at a time: there may be millions. */
function* entriesIn(fd: number): Generator<Buffer> {
  const directory = opendirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer', bufferSize: 256 } as never);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      yield entry.name as unknown as Buffer;
    }
  } finally {
    directory.closeSync();
  }
}

/** Removal keeps no more directories open at once. A container can nest more of them than a process may open. */
const MAX_OPEN_LEVELS = 64;

/** Removes a file or a whole tree, however deep and wide. Idempotent, also when others remove the same at this moment. */
export function removeAt(dirFd: number, name: Buffer): void {
  if (isUnlinked(dirFd, name)) return;
  unlessGone(() => removeDirectory(dirFd, name));
}

function removeDirectory(dirFd: number, name: Buffer, above?: { topFd: number; level: number }): void {
  const fd = openDirectoryAt(dirFd, name);
  try {
    removeEntries(fd, above?.topFd ?? fd, (above?.level ?? 0) + 1);
  } finally {
    closeSync(fd);
  }
  unlinkat(dirFd, name, AT_REMOVEDIR);
}

/** Until nothing is found: a file system may skip names while others are removed, and what is deep down is moved to the top. */
function removeEntries(fd: number, topFd: number, level: number): void {
  for (let found = true; found; ) {
    found = false;
    for (const name of entriesIn(fd)) {
      found = true;
      if (isUnlinked(fd, name)) continue;
      if (level < MAX_OPEN_LEVELS) unlessGone(() => removeDirectory(fd, name, { topFd, level }));
      else unlessGone(() => renameat(fd, name, topFd, `moved-up-${randomUUID()}`));
    }
  }
}

function unlessGone(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

/** Whether the name is gone now; false for a directory. */
function isUnlinked(dirFd: number, name: Buffer): boolean {
  try {
    unlinkat(dirFd, name);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (hasErrno(error, 'EISDIR', 'EPERM')) return false;
    throw error;
  }
}

/** Overlayfs' mark that what lower layers have under this name is deleted. */
export const isWhiteout = (stat: FileStat): boolean =>
  (stat.mode & S_IFMT) === S_IFCHR && stat.rdev.major === 0 && stat.rdev.minor === 0;

/** What lies deeper is not looked at: only somebody who wants to wear us out nests directories so. */
export const MAX_LEVELS = 1000;

/** Sum of the sizes of all files below an open directory; a file with several names counts once. */
export function treeSize(dirFd: number, seen = new Set<bigint>(), level = 1): number {
  let sizeBytes = 0;
  for (const name of entriesIn(dirFd)) {
    try {
      const stat = fstatat(dirFd, name);
      if (isDirectory(stat)) sizeBytes += level < MAX_LEVELS ? sizeInside(dirFd, name, seen, level + 1) : 0;
      else if (stat.nlink === 1 || !seen.has(stat.ino)) sizeBytes += Number(stat.sizeBytes);
      if (stat.nlink > 1) seen.add(stat.ino);
    } catch (error) {
      // A running container removes files while they are counted.
      if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    }
  }
  return sizeBytes;
}

function sizeInside(dirFd: number, name: Buffer, seen: Set<bigint>, level: number): number {
  const fd = openDirectoryAt(dirFd, name);
  try {
    return treeSize(fd, seen, level);
  } finally {
    closeSync(fd);
  }
}
