// SPDX-License-Identifier: Apache-2.0
import { createWriteStream, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  closeLogFiles,
  isSameLogFile,
  type LogFileName,
  listLogFiles,
  openLogFile,
  readCopies,
} from '#container/log-files.ts';
import type { Logger } from '#core/logger.ts';
import { AT_FDCWD, RENAME_NOREPLACE, renameat, utimensat } from '#linux/at.ts';
import { hasErrno } from '#linux/errno.ts';

export interface LogCompressorOptions {
  /** How often the watched logs are looked at. @default 10000 */
  intervalMs?: number;
}

const BLOCK_BYTES = 1024 * 1024;
const ATTEMPTS = 50;
/** No log has more files (`max-file`). */
const MAX_NUMBER = 1000;

/**
 * Compresses what the shim has rotated away: `path.N` becomes `path.N.gz`, one file at a time, in the thread pool. The shim goes
 * on rotating meanwhile, so a file is known by its inode and not by its number. Killed at any moment, the next pass goes on:
 * what has a name ending in `.gz` is complete and synced, and readers know a copy whose original still exists.
 */
export class LogCompressor implements Disposable {
  readonly #logger: Logger;
  readonly #watched = new Map<symbol, string>();
  readonly #timer: NodeJS.Timeout;
  #queue: Promise<void> = Promise.resolve();
  #isPassing = false;

  constructor(deps: { logger: Logger }, { intervalMs = 10_000 }: LogCompressorOptions = {}) {
    this.#logger = deps.logger;
    this.#timer = setInterval(() => void this.#pass(), intervalMs).unref();
  }

  /** Compresses the rotated files of this log, those of an earlier life too, until disposed. */
  watch(path: string): Disposable {
    const key = Symbol(path);
    this.#watched.set(key, path);
    void this.compress(path);
    return { [Symbol.dispose]: () => void this.#watched.delete(key) };
  }

  /** Compresses what is there now. Never rejects: what failed is logged and tried again. */
  compress(path: string): Promise<void> {
    this.#queue = this.#queue.then(() => compressLog(path)).catch((error: unknown) => this.#report(path, error));
    return this.#queue;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  async #pass(): Promise<void> {
    if (this.#isPassing) return;
    this.#isPassing = true;
    for (const path of new Set(this.#watched.values())) await this.compress(path);
    this.#isPassing = false;
  }

  #report(path: string, error: unknown): void {
    if (!hasErrno(error, 'ENOENT')) this.#logger.warn({ err: error, path }, 'a rotated log could not be compressed');
  }
}

/** Neither name is one that readers or the shim look at. */
const partialName = (path: string): string => `${path}.gz.partial`;
const takenName = (path: string): string => `${path}.compressed`;

async function compressLog(path: string): Promise<void> {
  rmSync(partialName(path), { force: true });
  await recover(path);
  for (const { number, compressed } of listLogFiles(path)) {
    if (number === 0 || compressed) continue;
    const source = inodeOf(`${path}.${number}`);
    if (source !== undefined) await compressFile(path, number, source);
  }
}

async function compressFile(path: string, number: number, inode: bigint): Promise<void> {
  const partial = partialName(path);
  const original = openLogFile({ number, compressed: false, path: `${path}.${number}` });
  try {
    if (original?.inode !== inode) return;
    const to = createWriteStream(partial, { flags: 'wx', mode: 0o640, flush: true });
    await pipeline(readCopies(original), createGzip({ level: 6, chunkSize: BLOCK_BYTES }), to);
    utimensat(AT_FDCWD, partial, { accessNs: original.modifiedNs, modifyNs: original.modifiedNs });
    install(path, inode);
    await syncDirectory(dirname(path));
  } finally {
    await closeLogFiles([original]);
    rmSync(partial, { force: true });
  }
}

/**
 * Puts the compressed copy in the place of its original. The shim may shift all files between any two steps; each step is
 * checked by inode, and put right and tried again if that happened.
 */
function install(path: string, original: bigint): void {
  const partial = partialName(path);
  const copy = inodeOf(partial);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const number = numberOf(path, original, false);
    // Rotated away altogether while it was compressed.
    if (number === undefined) return;
    if (!renameIfFree(partial, `${path}.${number}.gz`)) return;
    if (takeAway(path, number, original)) return;
    const place = copy && numberOf(path, copy, true);
    if (place === undefined || !renameIfFree(`${path}.${place}.gz`, partial)) return;
  }
}

/** Removes `path.N` if that is still the file `inode`. */
function takeAway(path: string, number: number, inode: bigint): boolean {
  const taken = takenName(path);
  if (!renameIfFree(`${path}.${number}`, taken)) return false;
  const isIt = inodeOf(taken) === inode;
  if (isIt) rmSync(taken);
  else renameIfFree(taken, `${path}.${number}`);
  return isIt;
}

/** Ends what a crash interrupted between completing a copy and removing its original. */
async function recover(path: string): Promise<void> {
  const names = listLogFiles(path);
  const copies = names.filter(({ compressed }) => compressed);
  const taken = takenName(path);
  if (inodeOf(taken) !== undefined) {
    const isCopied = await isOneOf(copies, { number: 0, compressed: false, path: taken });
    if (isCopied) rmSync(taken);
    else for (let number = 1; number <= 2 * MAX_NUMBER && !renameIfFree(taken, `${path}.${number}`); number++);
  }
  for (const name of names) {
    const copy = copies.filter(({ number }) => number === name.number);
    if (name.compressed || copy.length === 0 || !(await isOneOf(copy, name))) continue;
    const original = inodeOf(name.path);
    if (original !== undefined) takeAway(path, name.number, original);
  }
}

async function isOneOf(copies: readonly LogFileName[], name: LogFileName): Promise<boolean> {
  const original = openLogFile(name);
  const opened = copies.map(openLogFile).filter((copy) => copy !== undefined);
  try {
    if (original) for (const copy of opened) if (await isSameLogFile(copy, original)) return true;
    return false;
  } finally {
    await closeLogFiles([original, ...opened]);
  }
}

/** Which number a file has now. */
function numberOf(path: string, inode: bigint, compressed: boolean): number | undefined {
  return listLogFiles(path).find((name) => name.compressed === compressed && inodeOf(name.path) === inode)?.number;
}

const inodeOf = (path: string): bigint | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;

function renameIfFree(from: string, to: string): boolean {
  try {
    renameat(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST', 'ENOENT')) return false;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
