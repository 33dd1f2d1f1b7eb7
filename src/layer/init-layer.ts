// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import { mountOverlay } from '#layer/overlay.ts';
import {
  mkdirat,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openat,
  openInRoot,
  symlinkat,
  utimensat,
} from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { MNT_DETACH, umount } from '#linux/mount.ts';
import { fstatat } from '#linux/stat.ts';

/**
 * What every container needs to find in its root, because something is mounted there. Docker makes it in a layer
 * between image and container, so that it is never part of what the container changed.
 */
const MOUNT_POINTS: readonly [path: string, kind: 'directory' | 'file' | { link: string }][] = [
  ['dev/pts', 'directory'],
  ['dev/shm', 'directory'],
  ['dev/console', 'file'],
  ['proc', 'directory'],
  ['sys', 'directory'],
  ['etc/hosts', 'file'],
  ['etc/hostname', 'file'],
  ['etc/resolv.conf', 'file'],
  ['etc/mtab', { link: '/proc/mounts' }],
  ['.dockerenv', 'file'],
];

const MODE = { directory: 0o755, file: 0o755 } as const;

/** Fills `upper` with what the layers below lack. `target` is an empty directory to mount them at meanwhile. */
export function fillInitLayer(lowers: readonly string[], upper: string, work: string, target: string): void {
  if (lowers.length === 0) {
    addMountPoints(upper);
    return;
  }
  mountOverlay(target, { lowers, upper, work });
  try {
    addMountPoints(target);
  } finally {
    umount(target, MNT_DETACH);
  }
}

/** Never leaves `root`, whatever links the image has; what can't be made in an odd image is left to the runtime. */
export function addMountPoints(root: string): void {
  const rootFd = openSync(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const [path, kind] of MOUNT_POINTS) {
      try {
        addMountPoint(rootFd, path, kind);
      } catch (error) {
        if (!hasErrno(error, 'EEXIST', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) throw error;
      }
    }
  } finally {
    closeSync(rootFd);
  }
}

/** What is made has the time 0, and its directory keeps its own: two copies of an image are then the same. */
const EPOCH = { accessNs: 0n, modifyNs: 0n };

function addMountPoint(rootFd: number, path: string, kind: 'directory' | 'file' | { link: string }): void {
  const slash = path.lastIndexOf('/');
  const parentFd = openParent(rootFd, path.slice(0, Math.max(slash, 0)));
  const name = path.slice(slash + 1);
  try {
    const { accessNs, modifyNs } = fstatat(parentFd, '.');
    if (kind === 'directory') mkdirat(parentFd, name, MODE.directory);
    else if (kind === 'file') closeSync(openat(parentFd, name, O_WRONLY | O_CREAT | O_EXCL, MODE.file));
    else symlinkat(kind.link, parentFd, name);
    utimensat(parentFd, name, EPOCH);
    utimensat(parentFd, '.', { accessNs, modifyNs });
  } finally {
    closeSync(parentFd);
  }
}

function openParent(rootFd: number, path: string): number {
  try {
    if (path !== '') {
      mkdirat(rootFd, path, MODE.directory);
      utimensat(rootFd, path, EPOCH);
    }
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
  return openInRoot(rootFd, path || '.', O_PATH | O_DIRECTORY);
}
