// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LogCompressor } from '#container/log-compression.ts';
import { collectText, goLine, linesOf, makeLogPath, sourceAt, writeLog } from '#container/log-testing.ts';
import { type Logger, silentLogger } from '#core/logger.ts';

const content = (text: string): string => goLine(`${text}\n`).repeat(50);
const namesAt = (path: string): string[] =>
  readdirSync(dirname(path))
    .map((name) => name.replace('c0ffee-json.log', 'log'))
    .sort();

async function compress(path: string, logger: Logger = silentLogger): Promise<void> {
  using compressor = new LogCompressor({ logger });
  await compressor.compress(path);
}

test('what was rotated away is compressed, the current file is not', async (t) => {
  const path = makeLogPath(t);
  for (const name of ['', '.1', '.2', '.10']) writeFileSync(`${path}${name}`, content(`in ${name}`));
  const moment = new Date('2026-01-02T03:04:05Z');
  utimesSync(`${path}.2`, moment, moment);
  await compress(path);
  assert.deepEqual(namesAt(path), ['log', 'log.1.gz', 'log.10.gz', 'log.2.gz']);
  assert.equal(gunzipSync(readFileSync(`${path}.2.gz`)).toString(), content('in .2'));
  assert.equal(statSync(`${path}.2.gz`).mtimeMs, moment.getTime(), 'its time stays, so that since can pass over it');
  assert.equal(statSync(`${path}.2.gz`).mode & 0o777, 0o640);
});

test('what a crash left half made is made anew, and nothing is doubled or lost', async (t) => {
  const cases: [string, (path: string) => void][] = [
    [
      'while the copy was written',
      (path) => writeFileSync(`${path}.gz.partial`, gzipSync(content('one')).subarray(0, 20)),
    ],
    [
      'after the copy got its name',
      (path) => {
        writeFileSync(`${path}.1.gz`, gzipSync(content('one')));
        for (const name of ['.1', '.1.gz']) utimesSync(`${path}${name}`, 1000, 1000);
      },
    ],
    [
      'after the original was taken away',
      (path) => {
        writeFileSync(`${path}.1.gz`, gzipSync(content('one')));
        for (const name of ['.1', '.1.gz']) utimesSync(`${path}${name}`, 1000, 1000);
        renameSync(`${path}.1`, `${path}.compressed`);
      },
    ],
    ['after the wrong file was taken away', (path) => renameSync(`${path}.1`, `${path}.compressed`)],
  ];
  for (const [what, prepare] of cases) {
    const path = makeLogPath(t);
    writeFileSync(path, content('current'));
    writeFileSync(`${path}.1`, content('one'));
    prepare(path);
    await compress(path);
    assert.deepEqual(namesAt(path), ['log', 'log.1.gz'], what);
    assert.equal(await collectText(sourceAt(path)), `${'one\n'.repeat(50)}${'current\n'.repeat(50)}`, what);
  }
});

test('two files with the same number and different lines are both kept', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(`${path}.1`, content('newer'));
  writeFileSync(`${path}.1.gz`, gzipSync(content('older')));
  await compress(path);
  assert.equal(await collectText(sourceAt(path)), `${'older\n'.repeat(50)}${'newer\n'.repeat(50)}`);
});

test('files that rotate while they are compressed keep their lines and their order', async (t) => {
  const path = makeLogPath(t);
  const written = writeLog(path, { lines: 2000, linesPerFile: 20, pauseEvery: 10 });
  using compressor = new LogCompressor({ logger: silentLogger });
  let isWritten = false;
  const settle = (): void => {
    isWritten = true;
  };
  written.then(settle, settle);
  for (; !isWritten; await sleep(1)) await compressor.compress(path);
  await written;
  await compressor.compress(path);
  assert.equal(await collectText(sourceAt(path)), linesOf(0, 2000));
  assert.equal(namesAt(path).filter((name) => name.endsWith('.gz')).length, 99);
});

test('old files that are rotated away altogether do not come back', async (t) => {
  const path = makeLogPath(t);
  const written = writeLog(path, { lines: 2000, linesPerFile: 10, files: 4, pauseEvery: 10 });
  using compressor = new LogCompressor({ logger: silentLogger });
  let isWritten = false;
  const settle = (): void => {
    isWritten = true;
  };
  written.then(settle, settle);
  for (; !isWritten; await sleep(1)) await compressor.compress(path);
  await written;
  await compressor.compress(path);
  assert.deepEqual(namesAt(path), ['log', 'log.1.gz', 'log.2.gz', 'log.3.gz']);
  assert.equal(await collectText(sourceAt(path)), linesOf(1960, 2000));
});

test('a watched log is compressed by itself, until it is no longer watched', async (t) => {
  const path = makeLogPath(t);
  using compressor = new LogCompressor({ logger: silentLogger }, { intervalMs: 10 });
  const watching = compressor.watch(path);
  writeFileSync(`${path}.1`, content('x'));
  for (let i = 0; i < 300 && !existsSync(`${path}.1.gz`); i++) await sleep(10);
  assert.deepEqual(namesAt(path), ['log.1.gz']);
  watching[Symbol.dispose]();
  await compressor.compress(path);
  writeFileSync(`${path}.2`, content('y'));
  await sleep(60);
  assert.deepEqual(namesAt(path), ['log.1.gz', 'log.2']);
});

test('a log that can not be compressed is reported and does not stop the others', async (t) => {
  const warnings: string[] = [];
  const path = makeLogPath(t);
  writeFileSync(`${path}.1`, content('x'));
  writeFileSync(`${path}.2`, content('y'));
  // A directory in the way: the partial file can't be made.
  mkdirSync(`${path}.gz.partial`);
  await compress(path, { ...silentLogger, warn: (_fields, message) => warnings.push(message) });
  assert.deepEqual(warnings, ['a rotated log could not be compressed']);
  rmdirSync(`${path}.gz.partial`);
  await compress(path);
  assert.deepEqual(namesAt(path), ['log.1.gz', 'log.2.gz']);
});
