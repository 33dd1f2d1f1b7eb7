// SPDX-License-Identifier: Apache-2.0
import { cString, libcCall, type PathLike } from '#linux/ffi.ts';

export const OVERLAYFS_MAGIC = 0x794c7630;
export const TMPFS_MAGIC = 0x01021994;
export const CGROUP_MAGIC = 0x27e0eb;
export const CGROUP2_MAGIC = 0x63677270;
export const PROC_MAGIC = 0x9fa0;
export const EXT4_MAGIC = 0xef53;
export const XFS_MAGIC = 0x58465342;
export const BTRFS_MAGIC = 0x9123683e;
export const NSFS_MAGIC = 0x6e736673;

/** Bits of `flags`. */
export const ST_RDONLY = 1;
export const ST_NOSUID = 2;
export const ST_NODEV = 4;
export const ST_NOEXEC = 8;

export interface FileSystemStat {
  /** The file system's magic number. */
  type: number;
  blockSize: number;
  totalBytes: bigint;
  freeBytes: bigint;
  /** Free for those without privileges. */
  availableBytes: bigint;
  files: bigint;
  freeFiles: bigint;
  flags: number;
}

const libcStatfs = libcCall('statfs', 'int', ['pointer', 'pointer']);
const libcFstatfs = libcCall('fstatfs', 'int', ['int', 'pointer']);

export function statfs(path: PathLike): FileSystemStat {
  const raw = Buffer.alloc(128);
  libcStatfs(path, cString(path), raw);
  return parse(raw);
}

export function fstatfs(fd: number): FileSystemStat {
  const raw = Buffer.alloc(128);
  libcFstatfs(undefined, fd, raw);
  return parse(raw);
}

/** `struct statfs` is the same on every 64-bit machine. */
function parse(raw: Buffer): FileSystemStat {
  const blockSize = raw.readBigInt64LE(8);
  return {
    type: Number(raw.readBigUInt64LE(0) & 0xffffffffn),
    blockSize: Number(blockSize),
    totalBytes: raw.readBigUInt64LE(16) * blockSize,
    freeBytes: raw.readBigUInt64LE(24) * blockSize,
    availableBytes: raw.readBigUInt64LE(32) * blockSize,
    files: raw.readBigUInt64LE(40),
    freeFiles: raw.readBigUInt64LE(48),
    flags: Number(raw.readBigInt64LE(80)),
  };
}
