// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type LogSource, readLogs } from '#container/logs.ts';
import type { LogOptions } from '#model/client.ts';

/** What the tests of the log reader share: a log directory, lines as Docker writes them, and frames taken apart. */

/** A path for a log in a directory of its own that goes with the test. */
export function makeLogPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-log-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'c0ffee-json.log');
}

/** Escapes as Go's encoder does for log files: `<`, `>`, `&` and control characters as `\u00XX`. */
export function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029\u007f]|\\b|\\f|\\\\/g, (match) =>
    match.length > 1
      ? ({ '\\b': '\\u0008', '\\f': '\\u000c' }[match] ?? match)
      : match === '\u007f'
        ? match
        : `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export const goLine = (text: string, stream = 'stdout', time = '2026-01-02T03:04:05.678901234Z'): string =>
  `{"log":${goString(text)},"stream":"${stream}","time":"${time}"}\n`;

export const sourceAt = (path: string, ended: Promise<unknown> = Promise.resolve()): LogSource => ({
  path,
  tty: false,
  attributes: {},
  ended,
});

export const readAll: LogOptions = {
  stdout: true,
  stderr: true,
  follow: false,
  timestamps: false,
  details: false,
  tail: -1,
  signal: new AbortController().signal,
};

export interface Frame {
  stream: number;
  text: string;
}

/** Takes framed output apart; throws if it is not framed rightly. */
export function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    if (bytes.readUInt16BE(at + 1) !== 0 || bytes[at + 3] !== 0) throw new Error(`bad header at ${at}`);
    if (at + 8 + length > bytes.length) throw new Error(`frame at ${at} is cut off`);
    frames.push({ stream: bytes[at] ?? 0, text: bytes.toString('utf8', at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return frames;
}

export async function collect(source: LogSource, options: Partial<LogOptions> = {}): Promise<Buffer> {
  return Buffer.concat(await readLogs(source, { ...readAll, ...options }).toArray());
}

/** The text of both streams together, in order. */
export async function collectText(source: LogSource, options: Partial<LogOptions> = {}): Promise<string> {
  const bytes = await collect(source, options);
  return source.tty
    ? bytes.toString()
    : parseFrames(bytes)
        .map(({ text }) => text)
        .join('');
}

/** Writes numbered lines as the shim does, from a thread of its own: whole lines, and a rotation before a file gets too large. */
const WRITER = `
const { workerData, parentPort } = require('node:worker_threads');
const { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } = require('node:fs');
const { path, lines, linesPerFile, files = Math.ceil(lines / linesPerFile) + 1, pauseEvery } = workerData;
// A file may go at any moment: it is compressed meanwhile.
const shift = (from, to) => { try { if (existsSync(from)) renameSync(from, to); } catch (error) { if (error.code !== 'ENOENT') throw error; } };
function rotate() {
  for (const end of ['', '.gz']) rmSync(path + '.' + (files - 1) + end, { force: true });
  for (let n = files - 2; n >= 1; n--) for (const end of ['', '.gz']) shift(path + '.' + n + end, path + '.' + (n + 1) + end);
  renameSync(path, path + '.1');
}
let fd = openSync(path, 'a');
for (let i = 0; i < lines; i++) {
  if (i > 0 && i % linesPerFile === 0) { closeSync(fd); rotate(); fd = openSync(path, 'a'); }
  const line = '{"log":"line ' + i + '\\\\n","stream":"stdout","time":"' + new Date().toISOString().slice(0, -1) + String(i % 1e6).padStart(6, '0') + 'Z"}\\n';
  const half = i % 3 ? line.length : 20;
  writeSync(fd, line.slice(0, half));
  if (half < line.length) writeSync(fd, line.slice(half));
  if (i % pauseEvery === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}
closeSync(fd);
`;

export interface WriterOptions {
  lines: number;
  linesPerFile: number;
  /** Files kept, the current one included. @default all */
  files?: number;
  /** Lines between pauses of 2 ms. */
  pauseEvery: number;
}

/** Resolves when all lines are written. */
export async function writeLog(path: string, options: WriterOptions): Promise<void> {
  const worker = new Worker(WRITER, { eval: true, workerData: { path, ...options } });
  const [code] = await once(worker, 'exit');
  if (code !== 0) throw new Error(`the writer ended with ${code}`);
}

export const linesOf = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');
