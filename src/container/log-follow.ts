// SPDX-License-Identifier: Apache-2.0
import { type FSWatcher, fstatSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { closeLogFiles, isSameLogFile, type LogFile, openLogFiles } from '#container/log-files.ts';
import { type LogStart, readLogFile } from '#container/log-tail.ts';

/** Where inotify can't be had (too many watches), files are looked at this often. */
const POLL_MS = 200;

/** Says that the next block is of another file. */
export const NEXT_FILE = Symbol('next file');

/**
 * The bytes of a log from `start` of the file `first` on (or from the first file that appears), and all that follow, through
 * every rotation, until `ended` has settled and everything was read. Takes over `first`. No byte is left out or given twice,
 * as long as files are not rotated away faster than they are read.
 */
export async function* followLog(
  { path, ended }: { path: string; ended: Promise<unknown> },
  first: LogFile | undefined,
  start: Pick<LogStart, 'offset' | 'skipLines'> | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer | typeof NEXT_FILE> {
  using changes = new Changes(path, ended, signal);
  let file = first;
  let from = start ?? { offset: 0, skipLines: 0 };
  try {
    while (!signal.aborted) {
      // Asked before reading: what was written by then is read now, and to a file that has moved nothing more is written.
      const { hasEnded } = changes;
      const isCurrent = file !== undefined && isNamed(path, file);
      // A compressed file is complete: it is read once.
      if (file && !(file.compressed && from.offset > 0)) {
        for await (const block of readLogFile(file, from)) {
          from = { ...from, offset: from.offset + block.length };
          yield block;
        }
      }
      const next = isCurrent ? await reopenIfEmptied(path, file, from.offset) : await openNext(path, file);
      if (next) {
        await closeLogFiles([file]);
        file = next;
        from = { offset: 0, skipLines: 0 };
        yield NEXT_FILE;
      } else if (hasEnded) return;
      else await changes.next();
    }
  } finally {
    await closeLogFiles([file]);
  }
}

/** Whether the file is still the one that is written to. Between the steps of a rotation there is none. */
function isNamed(path: string, file: LogFile): boolean {
  if (file.number !== 0) return false;
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  return named === undefined || named.ino === file.inode;
}

/** A file that somebody emptied (`truncate`, logrotate's copytruncate) is read from its beginning again. */
async function reopenIfEmptied(path: string, file: LogFile | undefined, offset: number): Promise<LogFile | undefined> {
  if (!file || fstatSync(file.fd).size >= offset) return undefined;
  const files = await openLogFiles(path);
  const again = files.find(({ inode }) => inode === file.inode);
  await closeLogFiles(files.filter((candidate) => candidate !== again));
  return again;
}

/** The file written after `file`, or the oldest if that is gone; `undefined` while there is none yet. */
async function openNext(path: string, file: LogFile | undefined): Promise<LogFile | undefined> {
  const files = await openLogFiles(path);
  const next = file ? await findNext(files, file) : files[0];
  await closeLogFiles(files.filter((candidate) => candidate !== next));
  return next;
}

async function findNext(files: readonly LogFile[], file: LogFile): Promise<LogFile | undefined> {
  const { mtimeNs } = fstatSync(file.fd, { bigint: true });
  const finished = { ...file, modifiedNs: mtimeNs };
  for (const [index, candidate] of files.entries()) {
    if (await isSameLogFile(candidate, finished)) return files[index + 1];
  }
  return files.find(({ modifiedNs, number }) => number === 0 || modifiedNs > mtimeNs);
}

/** Wakes a reader when something happened to the log since it last looked. */
class Changes implements Disposable {
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #isDirty = false;
  #hasEnded = false;
  #wake: () => void = () => {};
  readonly #signal: AbortSignal;
  readonly #onChange = (): void => {
    this.#isDirty = true;
    this.#wake();
  };

  constructor(path: string, ended: Promise<unknown>, signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onChange, { once: true });
    const onEnd = (): void => {
      this.#hasEnded = true;
      this.#onChange();
    };
    ended.then(onEnd, onEnd);
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, this.#onChange);
      this.#watcher.on('error', () => this.#startPolling());
    } catch {
      this.#startPolling();
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async next(): Promise<void> {
    if (!this.#isDirty && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isDirty = false;
  }

  #startPolling(): void {
    this.#watcher?.close();
    this.#poll ??= setInterval(this.#onChange, POLL_MS).unref();
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onChange);
    this.#watcher?.close();
    clearInterval(this.#poll);
  }
}
