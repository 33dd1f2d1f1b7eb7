// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { AT_EMPTY_PATH, AT_FDCWD } from '#linux/at.ts';
import { cString, libcCall, libcCallAsync, systemCall } from '#linux/ffi.ts';

export const MS_RDONLY = 1;
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_NOEXEC = 8;
export const MS_REMOUNT = 32;
export const MS_NOATIME = 1024;
export const MS_BIND = 4096;
export const MS_MOVE = 8192;
export const MS_REC = 16_384;
export const MS_UNBINDABLE = 1 << 17;
export const MS_PRIVATE = 1 << 18;
export const MS_SLAVE = 1 << 19;
export const MS_SHARED = 1 << 20;

export const MNT_FORCE = 1;
export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;

const libcMount = libcCall('mount', 'int', ['pointer', 'pointer', 'pointer', 'ulong', 'pointer']);
const libcUmount = libcCall('umount2', 'int', ['pointer', 'int']);

/** mount(2) hands the kernel at most one page of options; what is longer would be cut off without an error. */
const MAX_MOUNT_DATA_BYTES = 4095;

/** mount(2), or the newer calls where `data` is longer than a page. Follows links in `target`. */
export function mount(
  source: string | null,
  target: string,
  fstype: string | null,
  flags: number,
  data: string | null,
): void {
  if (data !== null && Buffer.byteLength(data) > MAX_MOUNT_DATA_BYTES) {
    mountWithOptions(source, target, fstype ?? '', flags, data);
    return;
  }
  libcMount(target, text(source), cString(target), text(fstype), flags, text(data));
}

export function umount(target: string, flags = 0): void {
  libcUmount(target, cString(target), flags);
}

const libcUmountAsync = libcCallAsync('umount2', ['pointer', 'int']);

/** On a thread of its own: the last unmount of a file system writes out what is dirty. Says only that it failed (EIO), not why. */
export const umountAsync = (target: string, flags = 0): Promise<void> =>
  libcUmountAsync(target, cString(target), flags);

const text = (value: string | null): Buffer | null => (value === null ? null : cString(value));

const SYS_MOVE_MOUNT = 429;
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** MOUNT_ATTR_* has the values of MS_* for these; the others can't be asked for here. */
const ATTRIBUTE_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

/** Overlay's list of lower directories, which the kernel takes one by one since 6.5 and otherwise 256 bytes at most at once. */
const LOWER_DIRECTORIES = 'lowerdir';

function mountWithOptions(source: string | null, target: string, fstype: string, flags: number, data: string): void {
  const context = systemCall('fsopen', SYS_FSOPEN, target, cString(fstype), FSOPEN_CLOEXEC);
  try {
    if (source !== null) configure(context, 'source', source);
    for (const option of data.split(',')) setOption(context, option);
    systemCall('fsconfig', SYS_FSCONFIG, target, context, FSCONFIG_CMD_CREATE, null, null, 0);
    const tree = systemCall('fsmount', SYS_FSMOUNT, target, context, FSMOUNT_CLOEXEC, flags & ATTRIBUTE_FLAGS);
    try {
      moveMount(tree, target);
    } finally {
      closeSync(tree);
    }
  } finally {
    closeSync(context);
  }
}

function setOption(context: number, option: string): void {
  const equals = option.indexOf('=');
  if (equals < 0) {
    systemCall('fsconfig', SYS_FSCONFIG, option, context, FSCONFIG_SET_FLAG, cString(option), null, 0);
    return;
  }
  const key = option.slice(0, equals);
  const value = option.slice(equals + 1);
  if (key !== LOWER_DIRECTORIES) configure(context, key, value);
  else for (const lower of value.split(':')) configure(context, 'lowerdir+', lower);
}

function configure(context: number, key: string, value: string): void {
  systemCall('fsconfig', SYS_FSCONFIG, value, context, FSCONFIG_SET_STRING, cString(key), cString(value), 0);
}

function moveMount(tree: number, target: string): void {
  systemCall(
    'move_mount',
    SYS_MOVE_MOUNT,
    target,
    tree,
    cString(''),
    AT_FDCWD,
    cString(target),
    MOVE_MOUNT_F_EMPTY_PATH,
  );
}

const SYS_OPEN_TREE = 428;
const SYS_MOUNT_SETATTR = 442;
const OPEN_TREE_CLONE = 1;
const AT_RECURSIVE = 0x8000;

/** A detached copy of the mount at `path` (recursive or not), as a descriptor that `attachTree` puts somewhere. */
export function cloneTree(path: string, recursive: boolean): number {
  const flags = OPEN_TREE_CLONE | 0o2000000 | (recursive ? AT_RECURSIVE : 0);
  return systemCall('open_tree', SYS_OPEN_TREE, path, AT_FDCWD, cString(path), flags);
}

/** Puts a tree from `cloneTree` onto an open directory or file: no path is looked up again. */
export function attachTree(tree: number, targetFd: number): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | 0x40;
  systemCall('move_mount', SYS_MOVE_MOUNT, undefined, tree, cString(''), targetFd, cString(''), flags);
}

/** Makes every mount of a detached tree read-only (kernel 5.12). */
export function makeTreeReadOnly(tree: number): void {
  const attributes = Buffer.alloc(32);
  attributes.writeBigUInt64LE(BigInt(MS_RDONLY), 0);
  const flags = AT_EMPTY_PATH | AT_RECURSIVE;
  systemCall('mount_setattr', SYS_MOUNT_SETATTR, undefined, tree, cString(''), flags, attributes, attributes.length);
}
