// SPDX-License-Identifier: Apache-2.0

import { addAbortSignal, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeLogFiles, type LogFile, openLogFiles } from '#container/log-files.ts';
import { followLog, NEXT_FILE } from '#container/log-follow.ts';
import { LogPrinter, type PrintOptions } from '#container/log-printer.ts';
import { findTail, type LogStart, readLogFile } from '#container/log-tail.ts';
import { invalidParameter } from '#core/errors.ts';
import type { LogOptions } from '#model/client.ts';

/** A container's log on disk. */
export interface LogSource {
  /** The file that is written to; rotated ones lie beside it. */
  path: string;
  /** Its output is not framed. */
  tty: boolean;
  /** What `details` puts before each line (`logAttributes`). */
  attributes: Readonly<Record<string, string>>;
  /** Settles when the process has ended and all of its output is in the file; settled already if none runs. */
  ended: Promise<unknown>;
}

const HIGH_WATER_MARK = 512 * 1024;
const MAX_FOLLOW_DELAY_MS = 2 ** 31 - 1;

/**
 * What the container wrote, oldest line first, across rotated files. Throws if no stream was chosen. The stream ends by itself,
 * when following once the process has ended; it stops reading when nobody takes what it read, and when `signal` aborts.
 */
export function readLogs(source: LogSource, options: LogOptions): Readable {
  if (!options.stdout && !options.stderr) throw invalidParameter('You must choose at least one stream');
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const chunks = print(source, { ...options, signal });
  const stream = new Readable({
    highWaterMark: HIGH_WATER_MARK,
    read: () =>
      void chunks.next().then(
        ({ done, value }) => stream.push(done ? null : value),
        (error) => stream.destroy(error),
      ),
    destroy: (error, callback) => {
      stopping.abort();
      chunks.return(undefined).then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
  addAbortSignal(options.signal, stream);
  return stream;
}

async function* print(source: LogSource, options: LogOptions): AsyncGenerator<Buffer> {
  const printer = new LogPrinter(printOptions(source, options));
  const stop = stopSignal(options);
  for await (const block of readBlocks(source, options, stop)) {
    if (block === NEXT_FILE) {
      printer.endFile();
      continue;
    }
    yield* printer.print(block);
    if (printer.isPastUntil) return;
    // Reading and decoding alternate; others get their turn in between.
    await nextTurn();
  }
}

/** Following ends at `until` even if nothing is written then. */
function stopSignal({ follow, until, signal }: LogOptions): AbortSignal {
  if (!follow || !until) return signal;
  const untilMs = Number(until.nano / 1_000_000n);
  const delayMs = Math.max(0, untilMs - Date.now());
  return delayMs > MAX_FOLLOW_DELAY_MS ? signal : AbortSignal.any([signal, AbortSignal.timeout(delayMs)]);
}

function printOptions(source: LogSource, options: LogOptions): PrintOptions {
  const { stdout, stderr, timestamps, since, until, follow, details } = options;
  return {
    stdout,
    stderr,
    timestamps,
    details: details ? `${formatAttributes(source.attributes)} ` : '',
    multiplexed: !source.tty,
    joinLines: !follow,
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}

/** `key=value,key=value` in order of the keys, each escaped as in a query. */
function formatAttributes(attributes: Readonly<Record<string, string>>): string {
  const escaped = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join(',');
}

async function* readBlocks(
  source: LogSource,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer | typeof NEXT_FILE> {
  const files = await openLogFiles(source.path);
  try {
    const start = await findStart(files, options);
    const last = options.follow ? files.pop() : undefined;
    for (const [index, file] of files.entries()) {
      if (index < start.index) continue;
      yield NEXT_FILE;
      yield* readLogFile(file, index === start.index ? start : undefined, file.sizeBytes);
    }
    if (!options.follow) return;
    yield NEXT_FILE;
    yield* followLog(source, last, start.index === files.length ? start : undefined, signal);
  } finally {
    await closeLogFiles(files);
  }
}

async function findStart(files: readonly LogFile[], { tail, since }: LogOptions): Promise<LogStart> {
  if (tail >= 0 && files.length > 0) return findTail(files, tail);
  if (!since) return { index: 0, offset: 0, skipLines: 0 };
  const index = files.findIndex(({ modifiedNs, number }) => number === 0 || modifiedNs >= since.nano);
  return { index: Math.max(0, index), offset: 0, skipLines: 0 };
}
