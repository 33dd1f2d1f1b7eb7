// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogCompressor } from '#container/log-compression.ts';
import {
  collectText,
  goLine,
  linesOf,
  makeLogPath,
  parseFrames,
  readAll,
  sourceAt,
  writeLog,
} from '#container/log-testing.ts';
import { readLogs } from '#container/logs.ts';
import { silentLogger } from '#core/logger.ts';

/** Reads as a client would that keeps the connection open, and can be asked for the text so far. */
function follow(t: TestContext, path: string, ended: Promise<unknown> = new Promise(() => {}), tail = -1) {
  const stream = readLogs(sourceAt(path, ended), { ...readAll, follow: true, tail });
  const chunks: Buffer[] = [];
  const done = (async () => {
    for await (const chunk of stream) chunks.push(chunk);
  })();
  done.catch(() => {});
  t.after(() => void stream.destroy());
  const text = (): string =>
    parseFrames(Buffer.concat(chunks))
      .map((frame) => frame.text)
      .join('');
  const until = async (expected: string): Promise<void> => {
    for (let i = 0; i < 500 && text() !== expected; i++) await sleep(10);
    assert.equal(text(), expected);
  };
  return { stream, chunks, done, text, until };
}

test('lines are seen when they are written, each in a frame of its own', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('old 1\n') + goLine('old 2\n'));
  const reader = follow(t, path);
  await reader.until('old 1\nold 2\n');
  appendFileSync(path, goLine('new\n').slice(0, 12));
  await sleep(30);
  assert.equal(reader.text(), 'old 1\nold 2\n', 'half a line is not shown');
  appendFileSync(path, goLine('new\n').slice(12) + goLine('newer\n'));
  await reader.until('old 1\nold 2\nnew\nnewer\n');
  assert.deepEqual(
    parseFrames(Buffer.concat(reader.chunks)).map(({ text }) => text),
    ['old 1\n', 'old 2\n', 'new\n', 'newer\n'],
  );
});

test('tail applies to what was there, and everything new follows', async (t) => {
  for (const [tail, shown] of [
    [0, ''],
    [1, 'b\n'],
  ] as const) {
    const path = makeLogPath(t);
    writeFileSync(path, goLine('a\n') + goLine('b\n') + goLine('c\n').slice(0, 9));
    const reader = follow(t, path, undefined, tail);
    await sleep(50);
    appendFileSync(path, goLine('c\n').slice(9));
    await reader.until(`${shown}c\n`);
  }
});

test('following ends when the container has, after the last line', async (t) => {
  const path = makeLogPath(t);
  const ended = Promise.withResolvers<void>();
  writeFileSync(path, goLine('first\n'));
  const reader = follow(t, path, ended.promise);
  await reader.until('first\n');
  appendFileSync(path, goLine('last\n'));
  ended.resolve();
  await reader.done;
  assert.equal(reader.text(), 'first\nlast\n');
});

test('a container that does not run is read to its end', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('only\n'));
  await follow(t, path, Promise.resolve()).done;
  assert.equal(await collectText(sourceAt(path), { follow: true }), 'only\n');
  assert.equal(await collectText(sourceAt(makeLogPath(t)), { follow: true }), '');
});

test('a log that does not exist yet is waited for', async (t) => {
  const path = makeLogPath(t);
  const reader = follow(t, path);
  await sleep(50);
  writeFileSync(path, goLine('here\n'));
  await reader.until('here\n');
});

test('a log that was emptied is read from its new beginning', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('a long line before\n').repeat(3));
  const reader = follow(t, path);
  await reader.until('a long line before\n'.repeat(3));
  truncateSync(path, 0);
  await sleep(100);
  appendFileSync(path, goLine('after\n'));
  await reader.until(`${'a long line before\n'.repeat(3)}after\n`);
});

test('until ends following although nothing is written', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('a\n'));
  const started = Date.now();
  await collectText(sourceAt(path, new Promise(() => {})), {
    follow: true,
    until: { nano: BigInt(Date.now() + 150) * 1_000_000n },
  });
  assert.ok(Date.now() - started < 5000);
});

test('a reader that goes away leaves nothing open', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('a\n'));
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  for (let i = 0; i < 20; i++) {
    const reader = follow(t, path);
    await reader.until('a\n');
    reader.stream.destroy();
    await reader.done.catch(() => {});
  }
  await sleep(50);
  assert.ok(openFiles() <= before + 3, `${before} before, ${openFiles()} after`);
});

test('no line is lost or doubled however the log is rotated under a reader', async (t) => {
  for (const [lines, linesPerFile] of [
    [2000, 50],
    [2000, 333],
    [80, 1],
  ] as const) {
    const path = makeLogPath(t);
    writeFileSync(path, '');
    const ended = writeLog(path, { lines, linesPerFile, pauseEvery: 25 });
    const reader = follow(t, path, ended);
    await Promise.all([ended, reader.done]);
    assert.equal(reader.text(), linesOf(0, lines));
    assert.equal(await collectText(sourceAt(path)), linesOf(0, lines), 'and so it is when read afterwards');
  }
});

test('no line is lost or doubled for a reader who starts in the middle of rotations and compressions', async (t) => {
  const path = makeLogPath(t);
  using compressor = new LogCompressor({ logger: silentLogger }, { intervalMs: 5 });
  using _watch = compressor.watch(path);
  const lines = 3000;
  const ended = writeLog(path, { lines, linesPerFile: 100, pauseEvery: 20 });
  const readers: Promise<string>[] = [];
  for (let i = 0; i < 6; i++) {
    await sleep(30);
    const reader = follow(t, path, ended);
    readers.push(reader.done.then(() => reader.text()));
  }
  await ended;
  for (const text of await Promise.all(readers)) assert.equal(text, linesOf(0, lines));
  await compressor.compress(path);
  assert.equal(await collectText(sourceAt(path)), linesOf(0, lines));
  const names = readdirSync(dirname(path));
  assert.equal(names.filter((name) => name.endsWith('.gz')).length, 29, names.join(' '));
  assert.equal(names.length, 30, names.join(' '));
});

test('a snapshot taken while files are shifted holds no line twice and no gap', async (t) => {
  const path = makeLogPath(t);
  const ended = writeLog(path, { lines: 800, linesPerFile: 10, pauseEvery: 5 });
  let isEnded = false;
  const settle = (): void => {
    isEnded = true;
  };
  ended.then(settle, settle);
  for (let reads = 0; !isEnded; reads++) {
    const text = await collectText(sourceAt(path));
    const count = text.split('\n').length - 1;
    assert.equal(text, linesOf(0, count), `read ${reads}`);
  }
  await ended;
});

test('when files are rotated away faster than they are read, reading goes on with the oldest that is left', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('a\n'));
  const reader = follow(t, path);
  await reader.until('a\n');
  writeFileSync(`${path}.new`, goLine('c\n'));
  writeFileSync(`${path}.1`, goLine('b\n'));
  renameSync(`${path}.new`, path);
  await reader.until('a\nb\nc\n');
  rmSync(`${path}.1`);
  appendFileSync(path, goLine('d\n'));
  await reader.until('a\nb\nc\nd\n');
});
