// SPDX-License-Identifier: Apache-2.0
import { closeSync, fchmodSync, fchownSync, ftruncateSync, writeSync } from 'node:fs';
import { EngineError, invalidParameter, messageOf } from '#core/errors.ts';
import { baseName, type EntryPath, normalizeName, parentOf, pathBytes } from '#layer/entry-path.ts';
import { removeAt } from '#layer/tree.ts';
import {
  fchmodat,
  fchownat,
  linkat,
  mkdirat,
  mknodat,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  openat,
  openInRoot,
  symlinkat,
  utimensat,
} from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';
import { fstatat, isDirectory, S_IFBLK, S_IFCHR, S_IFIFO } from '#linux/stat.ts';
import { lsetxattr } from '#linux/xattr.ts';
import type { TarEntry, TarSink } from '#tar/entry.ts';

export interface ExtractLimits {
  /** Sum of the files' sizes. */
  maxBytes: number;
  maxEntries: number;
  /** `maxBytes` is what is left on the disk. */
  isDiskLimit?: boolean;
}

/** Said of what would need more than `maxBytes`. */
export const tooLarge = (what: string, { maxBytes, isDiskLimit }: ExtractLimits): EngineError =>
  isDiskLimit
    ? new EngineError(
        'internal',
        `no space left on device: the ${what} needs more than the ${maxBytes} bytes that are free`,
      )
    : invalidParameter(`${what} is larger than ${maxBytes} bytes`);

const WHITEOUT_PREFIX = '.wh.';
const WHITEOUT_META_PREFIX = '.wh..wh.';
const OPAQUE_MARKER = '.wh..wh..opq';
const OPAQUE_XATTR = 'trusted.overlay.opaque';
const YES = Buffer.from('y');

/** Attributes by which overlayfs itself is steered: an image must not set them. */
const OVERLAY_XATTR = /^(trusted\.overlay|user\.overlay|user\.fuseoverlayfs)\./;
const IMPLIED_DIRECTORY_MODE = 0o755;
const MODE_BITS = 0o7777;

/**
 * Writes the members of a layer below one directory, in the form that overlayfs wants: whiteouts become character
 * devices 0/0, opaque directories carry an attribute.
 *
 * The layer is hostile. Its paths are resolved by the kernel with the directory as root (openat2), and the last
 * component is never followed, so that no link in the layer leads anywhere else. As in Docker a member may replace an
 * earlier one, and a directory that is only implied is made.
 */
export class LayerExtractor implements TarSink {
  readonly #rootFd: number;
  readonly #limits: ExtractLimits;
  readonly #directoryTimes = new Map<EntryPath, bigint>();
  #entries = 0;
  #sizeBytes = 0;
  #parent: { path: EntryPath; fd: number } | undefined;
  #file: { fd: number; entry: TarEntry; parentFd: number; name: Buffer } | undefined;

  /** `rootFd` stays the caller's. */
  constructor(rootFd: number, limits: ExtractLimits) {
    this.#rootFd = rootFd;
    this.#limits = limits;
  }

  /** Sum of the sizes of the files that were written. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > this.#limits.maxEntries)
      throw invalidParameter(`layer has more than ${this.#limits.maxEntries} entries`);
    this.#sizeBytes += entry.sizeBytes;
    if (this.#sizeBytes > this.#limits.maxBytes) throw tooLarge('layer', this.#limits);
    naming(entry, () => this.#make(entry));
  }

  data(chunk: Uint8Array, offset: number): void {
    const file = this.#file;
    if (file === undefined) return;
    let written = 0;
    naming(file.entry, () => {
      while (written < chunk.length)
        written += writeSync(file.fd, chunk, written, chunk.length - written, offset + written);
    });
  }

  endEntry(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    naming(file.entry, () => this.#finishFile(file));
  }

  /** Sets the directories' times, which every member made inside changed. To be called once, after the last member. */
  finish(): void {
    for (const [path, modifyNs] of this.#directoryTimes) {
      try {
        const fd = openInRoot(this.#rootFd, pathBytes(path), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        try {
          utimensat(fd, '.', { accessNs: modifyNs, modifyNs });
        } finally {
          closeSync(fd);
        }
      } catch (error) {
        // A later member may have taken the directory away, or put a link in its place.
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      }
    }
  }

  /** Closes what is open, also after a failure. */
  [Symbol.dispose](): void {
    this.#forgetParent();
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #make(entry: TarEntry): void {
    const path = normalizeName(entry.name);
    const name = baseName(path);
    if (path === '') this.#makeRoot(entry);
    else if (name.startsWith(WHITEOUT_PREFIX)) this.#makeWhiteout(path, name);
    else this.#makeMember(entry, path, pathBytes(name));
  }

  #makeRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') throw invalidParameter('is the root of the layer, but not a directory');
    const dot = Buffer.from('.');
    this.#applyMetadata(this.#rootFd, dot, entry);
    fchmodat(this.#rootFd, dot, entry.mode & MODE_BITS, 0);
    this.#directoryTimes.set('' as EntryPath, entry.modifyNs);
  }

  #makeWhiteout(path: EntryPath, name: string): void {
    const parentFd = this.#openParent(parentOf(path));
    if (name === OPAQUE_MARKER) {
      lsetxattr(`/proc/self/fd/${parentFd}/.`, OPAQUE_XATTR, YES);
      return;
    }
    if (name.startsWith(WHITEOUT_META_PREFIX)) return;
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw invalidParameter('is not a valid whiteout');
    this.#replacing(parentFd, pathBytes(hidden), (target) => mknodat(parentFd, target, S_IFCHR, 0, 0));
  }

  #makeMember(entry: TarEntry, path: EntryPath, name: Buffer): void {
    const parentFd = this.#openParent(parentOf(path));
    switch (entry.type) {
      case 'file':
        this.#makeFile(entry, parentFd, name);
        return;
      case 'directory':
        this.#makeDirectory(entry, path, parentFd, name);
        return;
      case 'hard-link':
        this.#makeHardLink(entry, parentFd, path, name);
        return;
      case 'symbolic-link':
        this.#replacing(parentFd, name, (target) => symlinkat(entry.linkName, parentFd, target));
        this.#applyMetadata(parentFd, name, entry);
        utimensat(parentFd, name, { accessNs: entry.modifyNs, modifyNs: entry.modifyNs });
        return;
      default:
        this.#makeNode(entry, parentFd, name);
    }
  }

  #makeFile(entry: TarEntry, parentFd: number, name: Buffer): void {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const fd = this.#replacing(parentFd, name, (target) => openat(parentFd, target, flags, 0o600));
    this.#file = { fd, entry, parentFd, name };
  }

  #finishFile({ fd, entry, parentFd, name }: { fd: number; entry: TarEntry; parentFd: number; name: Buffer }): void {
    try {
      if (entry.regions !== undefined) ftruncateSync(fd, entry.sizeBytes);
      fchownSync(fd, entry.uid, entry.gid);
      setXattrs(parentFd, name, entry);
      fchmodSync(fd, entry.mode & MODE_BITS);
      utimensat(parentFd, name, { accessNs: entry.modifyNs, modifyNs: entry.modifyNs });
    } finally {
      closeSync(fd);
    }
  }

  #makeDirectory(entry: TarEntry, path: EntryPath, parentFd: number, name: Buffer): void {
    try {
      mkdirat(parentFd, name, IMPLIED_DIRECTORY_MODE);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      if (!isDirectory(fstatat(parentFd, name)))
        this.#replacing(parentFd, name, (target) => mkdirat(parentFd, target, 0o755));
    }
    this.#applyMetadata(parentFd, name, entry);
    fchmodat(parentFd, name, entry.mode & MODE_BITS, 0);
    this.#directoryTimes.set(path, entry.modifyNs);
  }

  /** The target is looked up inside the layer, and is never a link's own target. */
  #makeHardLink(entry: TarEntry, parentFd: number, path: EntryPath, name: Buffer): void {
    const target = normalizeName(entry.linkName);
    if (target === '') throw invalidParameter('links to the root of the layer');
    if (target === path) return;
    const targetFd = openInRoot(this.#rootFd, pathBytes(parentOf(target)), O_PATH | O_DIRECTORY);
    try {
      const targetName = pathBytes(baseName(target));
      this.#replacing(parentFd, name, (made) => linkat(targetFd, targetName, parentFd, made));
    } finally {
      closeSync(targetFd);
    }
  }

  #makeNode(entry: TarEntry, parentFd: number, name: Buffer): void {
    const type = entry.type === 'fifo' ? S_IFIFO : entry.type === 'block-device' ? S_IFBLK : S_IFCHR;
    const { deviceMajor: major, deviceMinor: minor } = entry;
    this.#replacing(parentFd, name, (target) =>
      mknodat(parentFd, target, type | 0o600, type === S_IFIFO ? 0 : major, minor),
    );
    this.#applyMetadata(parentFd, name, entry);
    fchmodat(parentFd, name, entry.mode & MODE_BITS, 0);
    utimensat(parentFd, name, { accessNs: entry.modifyNs, modifyNs: entry.modifyNs });
  }

  #applyMetadata(parentFd: number, name: Buffer, entry: TarEntry): void {
    fchownat(parentFd, name, entry.uid, entry.gid);
    setXattrs(parentFd, name, entry);
  }

  /** Makes something under a name; what an earlier member put there goes first. */
  #replacing<T>(parentFd: number, name: Buffer, make: (name: Buffer) => T): T {
    try {
      return make(name);
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    removeAt(parentFd, name);
    // The descriptor that is kept may be that of a directory which has just gone; this member's own is not.
    if (this.#parent?.fd !== parentFd) this.#forgetParent();
    return make(name);
  }

  /** The directory's descriptor, kept until another one is asked for: members of a directory come one after another. */
  #openParent(path: EntryPath): number {
    if (path === '') return this.#rootFd;
    if (this.#parent?.path === path) return this.#parent.fd;
    const fd = this.#openOrMakeDirectory(path);
    this.#forgetParent();
    this.#parent = { path, fd };
    return fd;
  }

  #openOrMakeDirectory(path: EntryPath): number {
    try {
      return openInRoot(this.#rootFd, pathBytes(path), O_PATH | O_DIRECTORY);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
    const above = parentOf(path);
    const aboveFd = above === '' ? this.#rootFd : this.#openOrMakeDirectory(above);
    try {
      mkdirat(aboveFd, pathBytes(baseName(path)), IMPLIED_DIRECTORY_MODE);
    } finally {
      if (aboveFd !== this.#rootFd) closeSync(aboveFd);
    }
    return openInRoot(this.#rootFd, pathBytes(path), O_PATH | O_DIRECTORY);
  }

  #forgetParent(): void {
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = undefined;
  }
}

function setXattrs(parentFd: number, name: Buffer, entry: TarEntry): void {
  for (const [key, value] of entry.xattrs) {
    if (OVERLAY_XATTR.test(key)) continue;
    try {
      lsetxattr(Buffer.concat([Buffer.from(`/proc/self/fd/${parentFd}/`), name]), key, value);
    } catch (error) {
      // As in Docker: what the file system can't hold is left out.
      if (!hasErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'EPERM')) throw error;
    }
  }
}

/** Failures that say something of the machine and not of the layer. */
const HOST_ERRORS = ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS', 'EACCES', 'EBADF'];

function naming(entry: TarEntry, body: () => void): void {
  try {
    body();
  } catch (error) {
    const name = JSON.stringify(entry.name.toString().slice(0, 300));
    if (error instanceof EngineError)
      throw new EngineError(error.code, `failed to unpack layer: ${name}: ${error.message}`);
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    if (code === 'ENOSPC') throw new EngineError('internal', 'failed to unpack layer: no space left on device');
    if (HOST_ERRORS.includes(code))
      throw new EngineError('internal', `failed to unpack layer: ${name}: ${code}`, { cause: error });
    throw invalidParameter(`failed to unpack layer: ${name}: ${code}`, { cause: error });
  }
}
