// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import { lowerOptions } from '#layer/overlay.ts';
import { isWhiteout, MAX_LEVELS, namesIn, openDirectoryAt } from '#layer/tree.ts';
import { O_DIRECTORY, O_RDONLY, readlinkat } from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { MNT_DETACH, MS_RDONLY, mount, umount } from '#linux/mount.ts';
import { type FileStat, fstatat, isDirectory, isSymbolicLink, S_IFMT } from '#linux/stat.ts';
import { fgetxattr } from '#linux/xattr.ts';
import type { Change } from '#model/system.ts';

/**
 * What a container changed in its image, as `docker diff` tells it: added, modified and deleted paths, and as modified
 * every directory above one. Runs in a worker thread. The container may be running: what vanishes meanwhile is left
 * out.
 */
export function overlayChanges(task: { upper: string; lowers: string[]; scratch: string }): Change[] {
  const [only] = task.lowers;
  if (task.lowers.length === 1 && only !== undefined) return upperChanges(task.upper, only);
  mount('overlay', task.scratch, 'overlay', MS_RDONLY, lowerOptions(task.lowers));
  try {
    return upperChanges(task.upper, task.scratch);
  } finally {
    umount(task.scratch, MNT_DETACH);
  }
}

/** The differences between two whole trees. */
export function treeChanges(before: string, after: string): Change[] {
  return collect(before, after, (walk, beforeFd, afterFd) => walk.compare('', beforeFd, afterFd, true));
}

function upperChanges(upper: string, lower: string): Change[] {
  return collect(lower, upper, (walk, lowerFd, upperFd) => walk.compare('', lowerFd, upperFd, false));
}

function collect(
  before: string,
  after: string,
  body: (walk: Walk, beforeFd: number, afterFd: number) => void,
): Change[] {
  const beforeFd = openSync(before, O_RDONLY | O_DIRECTORY);
  try {
    const afterFd = openSync(after, O_RDONLY | O_DIRECTORY);
    try {
      const walk = new Walk();
      body(walk, beforeFd, afterFd);
      return walk.result();
    } finally {
      closeSync(afterFd);
    }
  } finally {
    closeSync(beforeFd);
  }
}

class Walk {
  readonly #kinds = new Map<string, Change['kind']>();
  #level = 1;

  result(): Change[] {
    return [...this.#kinds]
      .map(([path, kind]) => ({ path, kind }))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  /**
   * Compares a directory that is in `after`. `isWhole`: what `after` lacks is deleted, as in an opaque directory or a
   * full copy; otherwise only a whiteout says so.
   */
  compare(path: string, beforeFd: number | undefined, afterFd: number, isWhole: boolean): void {
    const names = namesIn(afterFd);
    for (const name of names) {
      try {
        this.#compareEntry(`${path}/${name}`, name, beforeFd, afterFd, isWhole);
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      }
    }
    if (!isWhole || beforeFd === undefined) return;
    const present = new Set(names.map((name) => name.toString('latin1')));
    for (const name of namesIn(beforeFd))
      if (!present.has(name.toString('latin1'))) this.#add(`${path}/${name}`, 'deleted');
  }

  #compareEntry(path: string, name: Buffer, beforeFd: number | undefined, afterFd: number, isWhole: boolean): void {
    const after = fstatat(afterFd, name);
    const before = beforeFd === undefined ? undefined : statIfPresent(beforeFd, name);
    if (isWhiteout(after) && !isWhole) {
      if (before !== undefined) this.#add(path, 'deleted');
      return;
    }
    if (before === undefined) this.#add(path, 'added');
    else if (isDifferent(before, after, isWhole, beforeFd, afterFd, name)) this.#add(path, 'modified');
    if (!isDirectory(after) || this.#level === MAX_LEVELS) return;
    this.#level += 1;
    try {
      this.#compareDirectory(path, name, before, beforeFd, afterFd, isWhole);
    } finally {
      this.#level -= 1;
    }
  }

  #compareDirectory(
    path: string,
    name: Buffer,
    before: FileStat | undefined,
    beforeFd: number | undefined,
    afterFd: number,
    isWhole: boolean,
  ): void {
    const inside = openDirectoryAt(afterFd, name);
    try {
      const hasBefore = beforeFd !== undefined && before !== undefined && isDirectory(before);
      const beforeInside = hasBefore ? openDirectoryAt(beforeFd, name) : undefined;
      try {
        this.compare(path, beforeInside, inside, isWhole || isOpaque(inside));
      } finally {
        if (beforeInside !== undefined) closeSync(beforeInside);
      }
    } finally {
      closeSync(inside);
    }
  }

  #add(path: string, kind: Change['kind']): void {
    this.#kinds.set(path, kind);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const above = path.slice(0, slash);
      if (this.#kinds.has(above)) return;
      this.#kinds.set(above, 'modified');
    }
  }
}

const isOpaque = (fd: number): boolean => fgetxattr(fd, 'trusted.overlay.opaque')?.toString() === 'y';

function statIfPresent(dirFd: number, name: Buffer): FileStat | undefined {
  try {
    return fstatat(dirFd, name);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A file that is in an upper directory was opened for writing; in a full copy its facts have to differ. */
function isDifferent(
  before: FileStat,
  after: FileStat,
  isWhole: boolean,
  beforeFd: number | undefined,
  afterFd: number,
  name: Buffer,
): boolean {
  if (before.mode !== after.mode || before.uid !== after.uid || before.gid !== after.gid) return true;
  if (isDirectory(after)) return before.modifyNs !== after.modifyNs;
  if (!isWhole || (before.mode & S_IFMT) !== (after.mode & S_IFMT)) return true;
  if (isSymbolicLink(after) && beforeFd !== undefined)
    return !readlinkat(beforeFd, name).equals(readlinkat(afterFd, name));
  return (
    before.sizeBytes !== after.sizeBytes ||
    before.modifyNs !== after.modifyNs ||
    before.rdev.major !== after.rdev.major ||
    before.rdev.minor !== after.rdev.minor
  );
}
