// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, copyFileSync, openSync } from 'node:fs';
import { isWhiteout, namesIn, openDirectoryAt, removeAt } from '#layer/tree.ts';
import {
  fchmodat,
  fchownat,
  linkat,
  mkdirat,
  mknodat,
  O_DIRECTORY,
  O_RDONLY,
  readlinkat,
  symlinkat,
  utimensat,
} from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { type FileStat, fstatat, isDirectory, isRegularFile, isSymbolicLink, S_IFMT } from '#linux/stat.ts';
import { lgetxattr, llistxattr, lsetxattr } from '#linux/xattr.ts';

/**
 * Copies layer directories over each other into `target`, the top one last: what overlayfs would show, for hosts that
 * can't mount one. Neither side is followed anywhere: both are walked by descriptor. Runs in a worker thread.
 */
export function flatten(layersTopFirst: readonly string[], target: string, checkCancelled: () => void): void {
  const targetFd = openSync(target, O_RDONLY | O_DIRECTORY);
  try {
    for (const layer of layersTopFirst.toReversed()) {
      const layerFd = openSync(layer, O_RDONLY | O_DIRECTORY);
      try {
        new LayerCopy(checkCancelled).directory(layerFd, targetFd);
      } finally {
        closeSync(layerFd);
      }
    }
  } finally {
    closeSync(targetFd);
  }
}

const OPAQUE_XATTR = 'trusted.overlay.opaque';
const MODE_BITS = 0o7777;

class LayerCopy {
  readonly #checkCancelled: () => void;
  /** Where a file with several names was put first. */
  readonly #links = new Map<bigint, string>();
  #rootFd = -1;

  constructor(checkCancelled: () => void) {
    this.#checkCancelled = checkCancelled;
  }

  /** Merges one directory's contents and facts into another that exists. */
  directory(from: number, to: number, path = ''): void {
    if (path === '') this.#rootFd = to;
    this.#checkCancelled();
    if (lgetxattr(`/proc/self/fd/${from}/.`, OPAQUE_XATTR) !== undefined)
      for (const name of namesIn(to)) removeAt(to, name);
    for (const name of namesIn(from)) this.#entry(from, to, name, `${path}/${name.toString('latin1')}`);
    const dot = Buffer.from('.');
    copyFacts(from, dot, to, dot, fstatat(from, dot));
  }

  #entry(from: number, to: number, name: Buffer, path: string): void {
    const stat = fstatat(from, name);
    if (isWhiteout(stat)) removeAt(to, name);
    else if (isDirectory(stat)) this.#subdirectory(from, to, name, path);
    else {
      removeAt(to, name);
      const first = stat.nlink > 1 ? this.#links.get(stat.ino) : undefined;
      if (first !== undefined) linkat(this.#rootFd, Buffer.from(first, 'latin1'), to, name);
      else {
        copyEntry(from, to, name, stat);
        copyFacts(from, name, to, name, stat);
        if (stat.nlink > 1) this.#links.set(stat.ino, path.slice(1));
      }
    }
  }

  #subdirectory(from: number, to: number, name: Buffer, path: string): void {
    makeDirectory(to, name);
    const source = openDirectoryAt(from, name);
    try {
      const target = openDirectoryAt(to, name);
      try {
        this.directory(source, target, path);
      } finally {
        closeSync(target);
      }
    } finally {
      closeSync(source);
    }
  }
}

function makeDirectory(to: number, name: Buffer): void {
  try {
    mkdirat(to, name, 0o700);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    if (isDirectory(fstatat(to, name))) return;
    removeAt(to, name);
    mkdirat(to, name, 0o700);
  }
}

const child = (dirFd: number, name: Buffer): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${dirFd}/`), name]);

function copyEntry(from: number, to: number, name: Buffer, stat: FileStat): void {
  if (isSymbolicLink(stat)) symlinkat(readlinkat(from, name), to, name);
  else if (isRegularFile(stat))
    copyFileSync(child(from, name), child(to, name), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  else mknodat(to, name, stat.mode, stat.rdev.major, stat.rdev.minor);
}

function copyFacts(from: number, fromName: Buffer, to: number, toName: Buffer, stat: FileStat): void {
  fchownat(to, toName, stat.uid, stat.gid);
  const source = child(from, fromName);
  for (const key of llistxattr(source)) {
    const value = key.startsWith('trusted.overlay.') ? undefined : lgetxattr(source, key);
    if (value !== undefined) lsetxattr(child(to, toName), key, value);
  }
  if (!isSymbolicLink(stat)) fchmodat(to, toName, stat.mode & ~S_IFMT & MODE_BITS, 0);
  utimensat(to, toName, { accessNs: stat.accessNs, modifyNs: stat.modifyNs });
}
