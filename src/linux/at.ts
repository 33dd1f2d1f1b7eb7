// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { hasErrno } from '#linux/errno.ts';
import { cString, libcCall, numberFor, type PathLike, systemCall } from '#linux/ffi.ts';

/**
 * File system calls relative to an open directory. Nothing here follows a link in the last component unless told so,
 * and every descriptor is closed on exec. The caller owns the descriptors that are returned (`fs.closeSync`).
 */

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;

export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;
export const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } =
  constants;

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RENAME_WHITEOUT = 4;

const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;
const RESOLVE_IN_ROOT = 0x10;

const SYS_OPENAT2 = 437;
const sysMknodat = (): number => numberFor({ x64: 259, arm64: 33 });

export interface ResolveOptions {
  /** Refuse (EXDEV) to leave the file system the root is on. */
  sameFileSystem?: boolean;
  /** Refuse (ELOOP) symbolic links anywhere in the path. */
  noSymlinks?: boolean;
  /** Refuse (EXDEV) absolute paths, absolute links and `..` that lead out, rather than resolve them at the root. */
  beneath?: boolean;
}

/**
 * Opens `path` as a process would whose root directory is `rootFd`: absolute links and `..` stay inside, whatever others
 * rename meanwhile. Magic links of /proc are refused (ELOOP). Device nodes and FIFOs open as the flags say: use `O_PATH`
 * or `O_NONBLOCK` on files that nobody vouches for.
 */
export function openInRoot(
  rootFd: number,
  path: PathLike,
  flags: number,
  mode = 0,
  options: ResolveOptions = {},
): number {
  const resolve =
    (options.beneath ? RESOLVE_BENEATH : RESOLVE_IN_ROOT) |
    RESOLVE_NO_MAGICLINKS |
    (options.sameFileSystem ? RESOLVE_NO_XDEV : 0) |
    (options.noSymlinks ? RESOLVE_NO_SYMLINKS : 0);
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt((flags | O_CLOEXEC) >>> 0), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  return retryWhileRenamed(() => systemCall('openat2', SYS_OPENAT2, path, rootFd, cString(path), how, how.length));
}

/** The kernel answers EAGAIN when something was renamed while it resolved `..`; Linux asks callers to try again. */
function retryWhileRenamed(open: () => number): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return open();
    } catch (error) {
      if (attempt === 32 || !hasErrno(error, 'EAGAIN', 'EINTR')) throw error;
    }
  }
}

const libcOpenat = libcCall('openat', 'int', ['int', 'pointer', 'int', 'uint']);
const libcMkdirat = libcCall('mkdirat', 'int', ['int', 'pointer', 'uint']);
const libcSymlinkat = libcCall('symlinkat', 'int', ['pointer', 'int', 'pointer']);
const libcLinkat = libcCall('linkat', 'int', ['int', 'pointer', 'int', 'pointer', 'int']);
const libcUnlinkat = libcCall('unlinkat', 'int', ['int', 'pointer', 'int']);
const libcRenameat2 = libcCall('renameat2', 'int', ['int', 'pointer', 'int', 'pointer', 'uint']);
const libcReadlinkat = libcCall('readlinkat', 'long', ['int', 'pointer', 'pointer', 'ulong']);
const libcFchownat = libcCall('fchownat', 'int', ['int', 'pointer', 'uint', 'uint', 'int']);
const libcFchmodat = libcCall('fchmodat', 'int', ['int', 'pointer', 'uint', 'int']);
const libcUtimensat = libcCall('utimensat', 'int', ['int', 'pointer', 'pointer', 'int']);

/** Follows links as openat(2) does: give it a single trusted name, or `O_NOFOLLOW`. */
export function openat(dirFd: number, path: PathLike, flags: number, mode = 0): number {
  return libcOpenat(path, dirFd, cString(path), flags | O_CLOEXEC, mode);
}

export function mkdirat(dirFd: number, path: PathLike, mode: number): void {
  libcMkdirat(path, dirFd, cString(path), mode);
}

/** `mode` holds the type (`S_IFCHR`, …) too. */
export function mknodat(dirFd: number, path: PathLike, mode: number, major = 0, minor = 0): void {
  systemCall('mknodat', sysMknodat(), path, dirFd, cString(path), mode, encodeDevice(major, minor));
}

/** The kernel's own 32-bit form of a device number: 12 bits major, 20 bits minor. */
function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

export function symlinkat(target: PathLike, dirFd: number, path: PathLike): void {
  libcSymlinkat(path, cString(target), dirFd, cString(path));
}

/** `AT_EMPTY_PATH` with `''` links the open file itself. */
export function linkat(oldDirFd: number, oldPath: PathLike, newDirFd: number, newPath: PathLike, flags = 0): void {
  libcLinkat(newPath, oldDirFd, cString(oldPath), newDirFd, cString(newPath), flags);
}

/** `AT_REMOVEDIR` removes a directory. */
export function unlinkat(dirFd: number, path: PathLike, flags = 0): void {
  libcUnlinkat(path, dirFd, cString(path), flags);
}

export function renameat(oldDirFd: number, oldPath: PathLike, newDirFd: number, newPath: PathLike, flags = 0): void {
  libcRenameat2(newPath, oldDirFd, cString(oldPath), newDirFd, cString(newPath), flags);
}

/** The link's bytes. `''` reads the link that `dirFd` itself is (opened with `O_PATH | O_NOFOLLOW`). */
export function readlinkat(dirFd: number, path: PathLike): Buffer {
  for (let size = 256; ; size *= 4) {
    const buffer = Buffer.allocUnsafe(size);
    const length = libcReadlinkat(path, dirFd, cString(path), buffer, size);
    if (length < size) return buffer.subarray(0, length);
  }
}

export function fchownat(dirFd: number, path: PathLike, uid: number, gid: number, flags = AT_SYMLINK_NOFOLLOW): void {
  libcFchownat(path, dirFd, cString(path), uid, gid, flags);
}

/** A symbolic link has no mode of its own: EOPNOTSUPP. */
export function fchmodat(dirFd: number, path: PathLike, mode: number, flags = AT_SYMLINK_NOFOLLOW): void {
  libcFchmodat(path, dirFd, cString(path), mode, flags);
}

/** Times in nanoseconds since 1970, negative before that. */
export function utimensat(
  dirFd: number,
  path: PathLike,
  times: { accessNs: bigint; modifyNs: bigint },
  flags = AT_SYMLINK_NOFOLLOW,
): void {
  const timespecs = Buffer.alloc(32);
  writeTimespec(timespecs, 0, times.accessNs);
  writeTimespec(timespecs, 16, times.modifyNs);
  libcUtimensat(path, dirFd, cString(path), timespecs, flags);
}

const NS_PER_SECOND = 1_000_000_000n;

function writeTimespec(target: Buffer, offset: number, ns: bigint): void {
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  target.writeBigInt64LE((ns - fraction) / NS_PER_SECOND, offset);
  target.writeBigInt64LE(fraction, offset + 8);
}
