// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { collect, collectText, goLine, makeLogPath, parseFrames, readAll, sourceAt } from '#container/log-testing.ts';
import { readLogs } from '#container/logs.ts';

const at = (second: number): string => `2026-01-02T03:04:${String(second).padStart(2, '0')}.5Z`;
const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => goLine(`line ${from + i}\n`, 'stdout', at(from + i))).join('');
const texts = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

/** Lines 0 to 39: 0-9 and 10-19 compressed, 20-29 rotated, 30-39 current. */
function makeRotated(t: TestContext): string {
  const path = makeLogPath(t);
  writeFileSync(`${path}.3.gz`, gzipSync(numbered(0, 10)));
  writeFileSync(`${path}.2.gz`, gzipSync(numbered(10, 20)));
  writeFileSync(`${path}.1`, numbered(20, 30));
  writeFileSync(path, numbered(30, 40));
  for (const name of ['.gz.partial', '.1.bak', '.0', '.x', '2']) writeFileSync(`${path}${name}`, goLine('other\n'));
  return path;
}

test('rotated and compressed files are read in the order they were written', async (t) => {
  assert.equal(await collectText(sourceAt(makeRotated(t))), texts(0, 40));
});

test('tail counts back across rotated and compressed files', async (t) => {
  const source = sourceAt(makeRotated(t));
  for (const tail of [0, 1, 5, 10, 11, 20, 21, 25, 35, 40, 41, 1e9]) {
    assert.equal(await collectText(source, { tail }), texts(Math.max(0, 40 - tail), 40), `tail ${tail}`);
  }
});

test('tail finds its line wherever the blocks of the file end', async (t) => {
  const path = makeLogPath(t);
  const lines = Array.from({ length: 9000 }, (_, i) => `${i} ${'x'.repeat((i * 37) % 190)}\n`);
  writeFileSync(path, lines.map((line) => goLine(line)).join(''));
  for (const tail of [1, 2, 1500, 1501, 4000, 8999, 9000]) {
    assert.equal(await collectText(sourceAt(path), { tail }), lines.slice(-tail).join(''));
  }
});

test('since and until select by time, both included', async (t) => {
  const source = sourceAt(makeRotated(t));
  const moment = (second: number, nano = 0n): { nano: bigint } => ({
    nano: BigInt(Date.parse(at(second))) * 1_000_000n + nano,
  });
  assert.equal(await collectText(source, { since: moment(15) }), texts(15, 40));
  assert.equal(await collectText(source, { until: moment(25) }), texts(0, 26));
  assert.equal(await collectText(source, { since: moment(12), until: moment(14) }), texts(12, 15));
  assert.equal(await collectText(source, { since: moment(50) }), '');
  assert.equal(await collectText(source, { tail: 30, until: moment(11) }), texts(10, 12));
  assert.equal(await collectText(source, { since: moment(39) }), texts(39, 40));
  assert.equal(await collectText(source, { since: moment(39, 1n) }), '');
});

test('a rotated file that ended before since is not even opened for reading', async (t) => {
  const path = makeRotated(t);
  writeFileSync(`${path}.1`, 'not a log');
  utimesSync(`${path}.1`, new Date(at(29)), new Date(at(29)));
  assert.equal(
    await collectText(sourceAt(path), { since: { nano: BigInt(Date.parse(at(35))) * 1_000_000n } }),
    texts(35, 40),
  );
});

test('streams are told apart and selected', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, [goLine('o1\n'), goLine('o2\n'), goLine('e1\n', 'stderr'), goLine('o3\n')].join(''));
  assert.deepEqual(parseFrames(await collect(sourceAt(path))), [
    { stream: 1, text: 'o1\no2\n' },
    { stream: 2, text: 'e1\n' },
    { stream: 1, text: 'o3\n' },
  ]);
  assert.equal(await collectText(sourceAt(path), { stderr: false }), 'o1\no2\no3\n');
  assert.equal(await collectText(sourceAt(path), { stdout: false }), 'e1\n');
  assert.throws(() => readLogs(sourceAt(path), { ...readAll, stdout: false, stderr: false }), /at least one stream/);
});

test('timestamps and details come before each line', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('a\n', 'stdout', at(1)) + goLine('b\n', 'stderr', '2026-01-02T03:04:02Z'));
  const source = { ...sourceAt(path), attributes: { 'z key': 'v=1', a: 'x,y' } };
  const one = '2026-01-02T03:04:01.500000000Z ';
  const two = '2026-01-02T03:04:02.000000000Z ';
  assert.equal(await collectText(source, { timestamps: true }), `${one}a\n${two}b\n`);
  assert.equal(await collectText(source, { details: true }), 'a=x%2Cy,z+key=v%3D1 a\na=x%2Cy,z+key=v%3D1 b\n');
  assert.equal(await collectText(sourceAt(path), { details: true, timestamps: true }), `${one} a\n${two} b\n`);
});

test('a TTY is not framed', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine('\x1b[1mbold\r\n') + goLine('e\n', 'stderr') + goLine('part'));
  assert.equal((await collect({ ...sourceAt(path), tty: true })).toString(), '\x1b[1mbold\r\ne\npart');
});

test('lines that can not be read are left out, and nothing else', async (t) => {
  const path = makeLogPath(t);
  const torn = '{"log":"torn';
  writeFileSync(
    path,
    `\0\0\0\n\n${numbered(1, 2)}${torn}${numbered(2, 3)}garbage\n{"log":5}\n${numbered(3, 4)}${torn}`,
  );
  writeFileSync(`${path}.1`, `${numbered(0, 1)}${torn}`);
  writeFileSync(`${path}.2.gz`, gzipSync('{"log":"z\\n","stream":"stdout"}\n').subarray(0, 20));
  assert.equal(await collectText(sourceAt(path)), texts(0, 4));
});

test('a line without an end does not fill the memory', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, `${'{"log":"'.padEnd(5e6, 'x')}\n${numbered(0, 2)}`);
  assert.equal(await collectText(sourceAt(path)), texts(0, 2));
});

test('what was not there is an empty log', async (t) => {
  assert.equal(await collectText(sourceAt(makeLogPath(t))), '');
  assert.equal(await collectText(sourceAt(makeLogPath(t)), { tail: 5 }), '');
  assert.equal(await collectText(sourceAt('/nonexistent/hoy/x.log')), '');
});

test('a file that is compressed already although its original remains is read once', async (t) => {
  const path = makeLogPath(t);
  const content = numbered(0, 10);
  writeFileSync(`${path}.1`, content);
  writeFileSync(`${path}.1.gz`, gzipSync(content));
  const moment = new Date(at(20));
  for (const name of [`${path}.1`, `${path}.1.gz`]) utimesSync(name, moment, moment);
  writeFileSync(path, numbered(10, 12));
  assert.equal(await collectText(sourceAt(path)), texts(0, 12));
});

test('whatever lines were written, framed output holds them all', async (t) => {
  const path = makeLogPath(t);
  const line = fc.record({
    text: fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('y'.repeat(16_384))),
    stream: fc.constantFrom('stdout', 'stderr'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 60 }), async (lines) => {
      writeFileSync(path, lines.map(({ text, stream }) => goLine(text, stream)).join(''));
      const frames = parseFrames(await collect(sourceAt(path)));
      for (const [number, stream] of [
        [1, 'stdout'],
        [2, 'stderr'],
      ] as const) {
        const got = frames.filter((frame) => frame.stream === number).map(({ text }) => text);
        const wanted = lines.filter((written) => written.stream === stream).map(({ text }) => text.toWellFormed());
        assert.equal(got.join(''), wanted.join(''));
      }
      for (const { text } of frames) assert.ok(Buffer.byteLength(text) <= 64 * 1024);
    }),
    { numRuns: 60 },
  );
});

test('a large log leaves others their turn and waits for a slow reader', async (t) => {
  const path = makeLogPath(t);
  writeFileSync(path, goLine(`${'x'.repeat(99)}\n`).repeat(100_000));
  const stream = readLogs(sourceAt(path), readAll);
  stream.once('readable', () => {});
  await sleep(100);
  assert.ok(stream.readableLength <= 1024 * 1024, `${stream.readableLength} bytes are waiting`);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  let total = 0;
  for await (const chunk of stream) total += chunk.length;
  clearInterval(timer);
  assert.ok(total > 100_000 * 100);
  assert.ok(turns > 5, `${turns} turns`);
});

test('a reader that goes away stops the reading', async (t) => {
  const path = makeRotated(t);
  const abort = new AbortController();
  const stream = readLogs(sourceAt(path), { ...readAll, signal: abort.signal });
  await stream.take(1).toArray();
  abort.abort();
  await assert.rejects(readLogs(sourceAt(path), { ...readAll, signal: abort.signal }).toArray(), {
    name: 'AbortError',
  });
});
