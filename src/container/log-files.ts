// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { hasErrno } from '#linux/errno.ts';

/** One of the files of a log, open. The current one has number 0; higher numbers are older. */
export interface LogFile {
  number: number;
  compressed: boolean;
  handle: FileHandle;
  /** When it was opened. */
  sizeBytes: number;
  inode: bigint;
  /** Compressing keeps it, so it tells that a compressed file and a plain one are the same. */
  modifiedNs: bigint;
}

export const BLOCK_BYTES = 256 * 1024;
const ATTEMPTS = 20;

/** One of the files of a log, by name. */
export interface LogFileName {
  number: number;
  compressed: boolean;
  path: string;
}

/** The files that belong to the log at `path`, oldest first. */
export async function listLogFiles(path: string): Promise<LogFileName[]> {
  return parseLogFileNames(path, await readdir(dirname(path)).catch(() => []));
}

/** Which entries of the log's directory belong to it, oldest first. */
export function parseLogFileNames(path: string, entries: readonly string[]): LogFileName[] {
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
 * Opens all files of a log, oldest first, each of them once although they may be rotated meanwhile. The caller closes
 * them. A file that was compressed but whose original is still there (a power loss between the two) is left out.
 */
export async function openLogFiles(path: string): Promise<LogFile[]> {
  for (let attempt = 1; ; attempt++) {
    const names = await listLogFiles(path);
    const files: LogFile[] = [];
    try {
      for (const name of names) files.push(await openLogFile(name));
      if (attempt >= ATTEMPTS || (await areStillNamed(names, files, path))) return await withoutDoubles(files);
    } catch (error) {
      await closeLogFiles(files);
      if (!hasErrno(error, 'ENOENT') || attempt >= ATTEMPTS) throw error;
      continue;
    }
    await closeLogFiles(files);
  }
}

export const closeLogFiles = async (files: readonly LogFile[]): Promise<void> => {
  await Promise.all(files.map(({ handle }) => handle.close().catch(() => {})));
};

/** Opens one of them, or another file in their format; throws when it is gone. */
export async function openLogFile({ number, compressed, path }: LogFileName): Promise<LogFile> {
  const handle = await open(path, 'r');
  try {
    const { size, ino, mtimeNs } = await handle.stat({ bigint: true });
    return { number, compressed, handle, sizeBytes: Number(size), inode: ino, modifiedNs: mtimeNs };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function areStillNamed(names: readonly LogFileName[], files: readonly LogFile[], path: string): Promise<boolean> {
  const now = await listLogFiles(path);
  if (now.length !== names.length) return false;
  for (const [index, { path: current }] of now.entries()) {
    if (current !== names[index]?.path) return false;
    const inode = await stat(current, { bigint: true }).then(
      ({ ino }) => ino,
      () => undefined,
    );
    if (inode !== files[index]?.inode) return false;
  }
  return true;
}

async function withoutDoubles(files: LogFile[]): Promise<LogFile[]> {
  const doubles: LogFile[] = [];
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    const isCopy = file.compressed && next?.number === file.number && (await isSameLogFile(file, next));
    if (isCopy || files.findIndex(({ inode }) => inode === file.inode) < index) doubles.push(file);
  }
  await closeLogFiles(doubles);
  return files.filter((file) => !doubles.includes(file));
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
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(4 * BEGINNING_BYTES), 0, 4 * BEGINNING_BYTES, 0);
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
    const { bytesRead } = await file.handle.read(block, 0, Math.min(BLOCK_BYTES, to - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}

/** The lines of a compressed file, decompressed in the thread pool. A file that is cut off gives what can be read. */
export async function* readCompressed(file: LogFile): AsyncGenerator<Buffer> {
  const source = file.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: BLOCK_BYTES });
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const block of source.pipe(gunzip) as Readable) yield block as Buffer;
  } catch (error) {
    if (!hasErrno(error, 'Z_BUF_ERROR', 'Z_DATA_ERROR')) throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
