// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLine, decodeUnusualLine, type LogLine, STDERR, STDOUT } from '#container/log-line.ts';
import { goLine, goString } from '#container/log-testing.ts';
import { compareTime, fixedTime, writeFixedTime } from '#container/log-time.ts';

type Decode = typeof decodeLine;

function decode(text: string | Buffer, by: Decode = decodeLine): { line: LogLine; text: Buffer } | undefined {
  const block = Buffer.from(text);
  const target = Buffer.alloc(3 * block.length + 8);
  const line: LogLine = { stream: STDOUT, textStart: 0, textEnd: 0, timeStart: 0, timeEnd: 0, timeBytes: block };
  const end = block.at(-1) === 10 ? block.length - 1 : block.length;
  if (!by(block, 0, end, target, 5, line)) return undefined;
  assert.equal(line.textStart, 5);
  return { line, text: target.subarray(line.textStart, line.textEnd) };
}

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'"\\\n\r\t\b\f\0<>&/{}:,u '),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

test('any text that the Go encoder wrote comes back the same', () => {
  fc.assert(
    fc.property(text, fc.constantFrom('stdout', 'stderr'), (written, stream) => {
      const decoded = decode(goLine(written, stream));
      assert.ok(decoded);
      assert.equal(decoded.text.toString(), written.toWellFormed());
      assert.equal(decoded.line.stream, stream === 'stdout' ? STDOUT : STDERR);
    }),
    { numRuns: 2000 },
  );
});

test('text that is escaped in every way that JSON allows is decoded as JSON.parse does', () => {
  const escaped = (character: string): string =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).toUpperCase().padStart(4, '0')}`)
      .join('');
  fc.assert(
    fc.property(text, (written) => {
      const line = `{"log":"${[...written.toWellFormed()].map(escaped).join('')}","stream":"stdout","time":"2026-01-02T03:04:05Z"}\n`;
      assert.equal(decode(line)?.text.toString(), written.toWellFormed());
    }),
  );
});

test('bytes that are no UTF-8 pass through as they are', () => {
  const raw = Buffer.concat([
    Buffer.from('{"log":"'),
    Buffer.from([0xff, 0xfe, 0x80, 0xc3]),
    Buffer.from('\\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}\n'),
  ]);
  assert.deepEqual(decode(raw)?.text, Buffer.from([0xff, 0xfe, 0x80, 0xc3, 10]));
});

test('half a surrogate pair becomes the replacement character', () => {
  for (const half of ['\\ud800', '\\udc00', '\\ud800\\u0041']) {
    const decoded = decode(`{"log":"${half}","stream":"stdout","time":"2026-01-02T03:04:05Z"}\n`);
    assert.equal(decoded?.text.toString(), half.endsWith('41') ? '\ufffdA' : '\ufffd');
  }
});

test('the fast decoder leaves other forms to the slow one, which gives what JSON.parse would', () => {
  const unusual = [
    '{"log":"a\\n","stream":"stdout","attrs":{"k":"v"},"time":"2026-01-02T03:04:05Z"}',
    '{ "log": "a\\n", "stream": "stdout", "time": "2026-01-02T03:04:05Z" }',
    '{"time":"2026-01-02T03:04:05Z","stream":"stdout","log":"a\\n"}',
    '{"log":"a\\n","stream":"stdout","time":"2026-01-02T04:04:05+01:00"}',
  ];
  for (const line of unusual) {
    assert.equal(decode(line), undefined, line);
    const decoded = decode(line, decodeUnusualLine);
    assert.equal(decoded?.text.toString(), 'a\n', line);
    assert.equal(
      compareTime(decoded.line, fixedTime({ nano: BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1_000_000n })),
      0,
      line,
    );
  }
});

test('what is no line of a log is refused by both', () => {
  const bad = [
    '{}',
    'null',
    '[]',
    '"x"',
    'plain text',
    '{"log":1}',
    '{"log":"a"',
    '\0\0\0\0',
    '{"log":"a\\q","stream":"stdout","time":"2026-01-02T03:04:05Z"}',
    '{"log":"a\\u12x4","stream":"stdout","time":"2026-01-02T03:04:05Z"}',
    '{"log":"a","stream":"stdin","time":"2026-01-02T03:04:05Z"}',
    '{"log":"a","stream":"stdout","time":"yesterday, at some time"}',
    '{"log":"a","stream":"stdout"}',
    '{"log":"a\\',
  ];
  for (const line of bad) {
    assert.equal(decode(line), undefined, line);
    assert.equal(decode(line, decodeUnusualLine), undefined, line);
  }
});

test('garbage never makes the decoders throw or write outside their room', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '{"log":"',
      '","stream":"std',
      'out',
      'err',
      '","time":"',
      '2026-01-02T03:04:05Z',
      '"}',
      '\\',
      '\\u',
      'd800',
      '"',
      'x',
      '\0',
      'é',
    ),
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      decode(parts.join(''));
      decode(parts.join(''), decodeUnusualLine);
    }),
    { numRuns: 3000 },
  );
});

test('of a line that a power loss tore off, the one written into it is saved', () => {
  const whole = goLine('whole "quoted"\n', 'stderr');
  for (const torn of [
    '{"log":"par',
    '{"log":"a\\n","stream":"std',
    '{"lo',
    '\0\0\0\0',
    '{"log":"a\\n","stream":"stdout","time":"2026-0',
  ]) {
    assert.equal(decode(torn + whole), undefined);
    const decoded = decode(torn + whole, decodeUnusualLine);
    assert.equal(decoded?.text.toString(), 'whole "quoted"\n');
    assert.equal(decoded.line.stream, STDERR);
  }
});

test('times are shown with nine digits, however many were written', () => {
  const cases: [written: string, shown: string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000000Z '],
    ['2026-01-02T03:04:05.6Z', '2026-01-02T03:04:05.600000000Z '],
    ['2026-01-02T03:04:05.678901234Z', '2026-01-02T03:04:05.678901234Z '],
  ];
  for (const [written, shown] of cases) {
    const line = decode(goLine('x', 'stdout', written))?.line;
    assert.ok(line);
    const target = Buffer.alloc(40);
    assert.equal(target.toString('latin1', 2, writeFixedTime(line, target, 2)), shown);
  }
});

test('times compare as the moments do, to the nanosecond', () => {
  const nanos = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n });
  const written = (nano: bigint): string => `${fixedTime({ nano }).toString().replace(/0+$/, '').replace(/\.$/, '')}Z`;
  fc.assert(
    fc.property(nanos, fc.oneof(nanos, fc.constant(undefined)), fc.bigInt({ min: -2n, max: 2n }), (a, other, near) => {
      const b = other ?? (a + near < 0n ? 0n : a + near);
      const line = decode(goLine('x', 'stdout', written(a)))?.line;
      assert.ok(line);
      assert.equal(Math.sign(compareTime(line, fixedTime({ nano: b }))), a < b ? -1 : a > b ? 1 : 0);
    }),
  );
  assert.equal(
    fixedTime({ nano: 8n * 10n ** 21n }).length,
    29,
    'years beyond 9999 are cut to a time that can be compared',
  );
});

test('the test encoder writes what Go writes', () => {
  assert.equal(goString('a<b>&\b\f\u2028"\\\n\x01'), '"a\\u003cb\\u003e\\u0026\\u0008\\u000c\\u2028\\"\\\\\\n\\u0001"');
});
