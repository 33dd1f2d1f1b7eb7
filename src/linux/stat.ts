// SPDX-License-Identifier: Apache-2.0
import { AT_SYMLINK_NOFOLLOW } from '#linux/at.ts';
import { cString, libcCall, type PathLike } from '#linux/ffi.ts';

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** What statx(2) tells of a file. */
export interface FileStat {
  /** Type and permissions. */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  ino: bigint;
  sizeBytes: bigint;
  /** In units of 512 bytes. */
  blocks: bigint;
  blockSize: number;
  accessNs: bigint;
  modifyNs: bigint;
  changeNs: bigint;
  device: { major: number; minor: number };
  /** Of a device node. */
  rdev: { major: number; minor: number };
}

const STATX_BASIC_STATS = 0x7ff;
const libcStatx = libcCall('statx', 'int', ['int', 'pointer', 'int', 'uint', 'pointer']);

/** `''` with `AT_EMPTY_PATH` speaks of the descriptor itself. Does not follow a link unless `flags` is 0. */
export function fstatat(dirFd: number, path: PathLike, flags = AT_SYMLINK_NOFOLLOW): FileStat {
  const raw = Buffer.alloc(256);
  libcStatx(path, dirFd, cString(path), flags, STATX_BASIC_STATS, raw);
  return {
    blockSize: raw.readUInt32LE(4),
    nlink: raw.readUInt32LE(16),
    uid: raw.readUInt32LE(20),
    gid: raw.readUInt32LE(24),
    mode: raw.readUInt16LE(28),
    ino: raw.readBigUInt64LE(32),
    sizeBytes: raw.readBigUInt64LE(40),
    blocks: raw.readBigUInt64LE(48),
    accessNs: timestamp(raw, 64),
    changeNs: timestamp(raw, 96),
    modifyNs: timestamp(raw, 112),
    rdev: { major: raw.readUInt32LE(128), minor: raw.readUInt32LE(132) },
    device: { major: raw.readUInt32LE(136), minor: raw.readUInt32LE(140) },
  };
}

function timestamp(raw: Buffer, offset: number): bigint {
  return raw.readBigInt64LE(offset) * 1_000_000_000n + BigInt(raw.readUInt32LE(offset + 8));
}

export const isDirectory = (stat: FileStat): boolean => (stat.mode & S_IFMT) === S_IFDIR;
export const isRegularFile = (stat: FileStat): boolean => (stat.mode & S_IFMT) === S_IFREG;
export const isSymbolicLink = (stat: FileStat): boolean => (stat.mode & S_IFMT) === S_IFLNK;
