// SPDX-License-Identifier: Apache-2.0
import { close, closeSync, fstatSync, openSync, read, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { hasErrno } from '#linux/errno.ts';

/** One of the files of a log, open. The current one has number 0; higher numbers are older. */
export interface LogFile {
  number: number;
  compressed: boolean;
  fd: number;
  /** When it was opened. */
  sizeBytes: number;
  inode: bigint;
  /** Compressing keeps it. */
  modifiedNs: bigint;
}

export const BLOCK_BYTES = 256 * 1024;
const ATTEMPTS = 20;

export const readAsync = promisify(read);
const closeAsync = promisify(close);

/** One of the files of a log, by name. */
export interface LogFileName {
  number: number;
  compressed: boolean;
  path: string;
}

/** The files that belong to the log at `path`, oldest first. */
export function listLogFiles(path: string): LogFileName[] {
  try {
    return parseLogFileNames(path, readdirSync(dirname(path)));
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function parseLogFileNames(path: string, entries: readonly string[]): LogFileName[] {
  const base = basename(path);
  const names: LogFileName[] = [];
  for (const entry of entries) {
    const match = entry.startsWith(base) ? /^(?:\.([1-9]\d{0,5})(\.gz)?)?$/.exec(entry.slice(base.length)) : null;
    if (!match) continue;
    const compressed = match[2] !== undefined;
    names.push({ number: Number(match[1] ?? 0), compressed, path: join(dirname(path), entry) });
  }
  return names.sort((a, b) => b.number - a.number || Number(b.compressed) - Number(a.compressed));
}

/**
 * Opens all files of a log, oldest first, each of them once although they may be rotated and compressed meanwhile. The
 * caller closes them. A compressed file whose original is still there is left out.
 */
export async function openLogFiles(path: string): Promise<LogFile[]> {
  for (let attempt = 1; ; attempt++) {
    const files = openUpwards(path);
    const newest = files[0]?.number === 0 ? files[0].inode : undefined;
    const isComplete = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === newest;
    if (isComplete || attempt === ATTEMPTS) return await withoutCopies(files.reverse());
    await closeLogFiles(files);
    await nextTurn();
  }
}

/**
 * Newest first: a rotation moves files to higher numbers, so on the way up one is met twice at worst. Without waiting in
 * between, so that rotations are rarely met at all; it is a matter of microseconds for each file.
 */
function openUpwards(path: string): LogFile[] {
  const highest = listLogFiles(path)[0]?.number ?? 0;
  const files: LogFile[] = [];
  for (let number = 0; number <= highest + 1; number++) {
    const plain = number === 0 ? path : `${path}.${number}`;
    for (const name of [
      { number, compressed: false, path: plain },
      ...(number > 0 ? [{ number, compressed: true, path: `${plain}.gz` }] : []),
    ]) {
      const file = openLogFile(name);
      if (!file) continue;
      if (files.some(({ inode }) => inode === file.inode)) closeSync(file.fd);
      else files.push(file);
    }
  }
  return files;
}

export const closeLogFiles = async (files: readonly (LogFile | undefined)[]): Promise<void> => {
  await Promise.all(files.map((file) => file && closeAsync(file.fd)));
};

/** Opens one of them, or another file in their format; `undefined` when it is gone. */
export function openLogFile({ number, compressed, path }: LogFileName): LogFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const { size, ino, mtimeNs } = fstatSync(fd, { bigint: true });
  return { number, compressed, fd, sizeBytes: Number(size), inode: ino, modifiedNs: mtimeNs };
}

async function withoutCopies(files: LogFile[]): Promise<LogFile[]> {
  const originals = files.filter(({ compressed }) => !compressed);
  const copies: LogFile[] = [];
  for (const file of files) {
    if (!file.compressed) continue;
    for (const original of originals) if (await isSameLogFile(file, original)) copies.push(file);
  }
  await closeLogFiles([...new Set(copies)]);
  return files.filter((file) => !copies.includes(file));
}

/** Enough to hold a time in nanoseconds, which no two files share. */
const BEGINNING_BYTES = 1024;

/** Whether two open files hold the same lines: one file, or one and its compressed copy. */
export async function isSameLogFile(a: LogFile, b: LogFile): Promise<boolean> {
  if (a.inode === b.inode) return true;
  if (a.compressed === b.compressed || a.modifiedNs !== b.modifiedNs) return false;
  return (await readBeginning(a)).equals(await readBeginning(b));
}

async function readBeginning(file: LogFile): Promise<Buffer> {
  const { buffer, bytesRead } = await readAsync(file.fd, Buffer.alloc(4 * BEGINNING_BYTES), 0, 4 * BEGINNING_BYTES, 0);
  const bytes = buffer.subarray(0, bytesRead);
  if (!file.compressed) return bytes.subarray(0, BEGINNING_BYTES);
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, BEGINNING_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The bytes of a plain file from `from` to `to` or its end. A block is the reader's until it asks for the next one. */
export async function* readPlain(file: LogFile, from: number, to = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let position = from; position < to; ) {
    const { bytesRead } = await readAsync(file.fd, block, 0, Math.min(BLOCK_BYTES, to - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}

/** All bytes of a file, for a stream that keeps its blocks for a while. */
export async function* readCopies(file: LogFile): AsyncGenerator<Buffer> {
  for await (const block of readPlain(file, 0)) yield Buffer.from(block);
}

/** The lines of a compressed file, decompressed in the thread pool. A file that is cut off gives what can be read. */
export async function* readCompressed(file: LogFile): AsyncGenerator<Buffer> {
  const source = Readable.from(readCopies(file), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const block of source.pipe(gunzip)) yield block as Buffer;
  } catch (error) {
    if (!hasErrno(error, 'Z_BUF_ERROR', 'Z_DATA_ERROR')) throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
