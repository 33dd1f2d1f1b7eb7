// SPDX-License-Identifier: Apache-2.0
import { hasErrno } from '#linux/errno.ts';
import { type CValue, cString, type LibcCall, libcCall, type PathLike } from '#linux/ffi.ts';

/**
 * Extended attributes: values are bytes. The functions that begin with `l` speak of a link itself; those that begin with
 * `f` of an open file (not one opened with `O_PATH`).
 */

export const XATTR_CREATE = 1;
export const XATTR_REPLACE = 2;

const libcGet = {
  l: libcCall('lgetxattr', 'long', ['pointer', 'pointer', 'pointer', 'ulong']),
  f: libcCall('fgetxattr', 'long', ['int', 'pointer', 'pointer', 'ulong']),
};
const libcSet = {
  l: libcCall('lsetxattr', 'int', ['pointer', 'pointer', 'pointer', 'ulong', 'int']),
  f: libcCall('fsetxattr', 'int', ['int', 'pointer', 'pointer', 'ulong', 'int']),
};
const libcList = {
  l: libcCall('llistxattr', 'long', ['pointer', 'pointer', 'ulong']),
  f: libcCall('flistxattr', 'long', ['int', 'pointer', 'ulong']),
};
const libcRemove = {
  l: libcCall('lremovexattr', 'int', ['pointer', 'pointer']),
  f: libcCall('fremovexattr', 'int', ['int', 'pointer']),
};

/** The value, or `undefined` if the file has no such attribute. */
export const lgetxattr = (path: PathLike, name: string): Buffer | undefined =>
  optional(() => grow(libcGet.l, path, cString(path), cString(name)));

export const fgetxattr = (fd: number, name: string): Buffer | undefined =>
  optional(() => grow(libcGet.f, undefined, fd, cString(name)));

export function lsetxattr(path: PathLike, name: string, value: Uint8Array, flags = 0): void {
  libcSet.l(path, cString(path), cString(name), value, value.length, flags);
}

export function fsetxattr(fd: number, name: string, value: Uint8Array, flags = 0): void {
  libcSet.f(undefined, fd, cString(name), value, value.length, flags);
}

export const llistxattr = (path: PathLike): string[] => names(grow(libcList.l, path, cString(path)));
export const flistxattr = (fd: number): string[] => names(grow(libcList.f, undefined, fd));

export function lremovexattr(path: PathLike, name: string): void {
  libcRemove.l(path, cString(path), cString(name));
}

export function fremovexattr(fd: number, name: string): void {
  libcRemove.f(undefined, fd, cString(name));
}

/** Reads with a buffer that grows while the kernel says it is too small; another process may change the value meanwhile. */
function grow(call: LibcCall, subject: PathLike | undefined, ...args: CValue[]): Buffer {
  for (let size = 512; ; size *= 4) {
    const buffer = Buffer.alloc(size);
    try {
      return buffer.subarray(0, call(subject, ...args, buffer, size));
    } catch (error) {
      // The kernel's own limit is 64 KiB for a value and for a list.
      if (size > 65_536 || !hasErrno(error, 'ERANGE')) throw error;
    }
  }
}

function optional(read: () => Buffer): Buffer | undefined {
  try {
    return read();
  } catch (error) {
    if (hasErrno(error, 'ENODATA')) return undefined;
    throw error;
  }
}

const names = (list: Buffer): string[] => list.toString().split('\0').filter(Boolean);
