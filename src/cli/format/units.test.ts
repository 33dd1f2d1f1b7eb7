// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, parseDuration } from '#cli/format/duration.ts';
import { binarySize, humanSize, parseMemory } from '#cli/format/units.ts';

test('sizes are shown with the digits asked for and no needless zeros', () => {
  const cases: [bytes: number, digits: number, shown: string][] = [
    [0, 4, '0B'],
    [999, 3, '999B'],
    [1000, 3, '1kB'],
    [4_530_000, 3, '4.53MB'],
    [4_261_550, 4, '4.262MB'],
    [999_999, 3, '1e+03kB'],
    [1.5e12, 4, '1.5TB'],
  ];
  for (const [bytes, digits, shown] of cases) assert.equal(humanSize(bytes, digits), shown);
  assert.equal(binarySize(25_273_593_856), '23.54GiB');
  assert.equal(binarySize(512), '512B');
});

test('amounts of memory are read with every unit', () => {
  const cases: [text: string, bytes: number][] = [
    ['1024', 1024],
    ['1b', 1],
    ['1k', 1024],
    ['1KB', 1024],
    ['1 KiB', 1024],
    ['1.5m', 1_572_864],
    ['2G', 2_147_483_648],
    ['1t', 1_099_511_627_776],
    ['.5k', 512],
  ];
  for (const [text, bytes] of cases) assert.equal(parseMemory(text), bytes, text);
});

test('amounts that make no sense are refused', () => {
  for (const text of ['', 'k', '-1k', '1x', '1kbb', '1ki', '1bb', '1.2.3', '1 k b', 'NaN']) {
    assert.throws(() => parseMemory(text), /invalid (size|suffix|syntax)/, text);
  }
});

test('durations are told to people', () => {
  const second = 1000;
  const cases: [milliseconds: number, shown: string][] = [
    [999, 'Less than a second'],
    [1000, '1 second'],
    [59 * second, '59 seconds'],
    [60 * second, 'About a minute'],
    [120 * second, '2 minutes'],
    [3600 * second, 'About an hour'],
    [47 * 3600 * second, '47 hours'],
    [48 * 3600 * second, '2 days'],
    [14 * 86_400 * second, '2 weeks'],
    [60 * 86_400 * second, '2 months'],
    [3 * 365 * 86_400 * second, '3 years'],
  ];
  for (const [milliseconds, shown] of cases) assert.equal(humanDuration(milliseconds), shown);
});

test('durations are read to the nanosecond', () => {
  const cases: [text: string, nanoseconds: bigint][] = [
    ['0', 0n],
    ['1s', 1_000_000_000n],
    ['1m30s', 90_000_000_000n],
    ['1.5h', 5_400_000_000_000n],
    ['-2ms', -2_000_000n],
    ['3us', 3_000n],
    ['7ns', 7n],
  ];
  for (const [text, nanoseconds] of cases) assert.equal(parseDuration(text), nanoseconds, text);
});

test('durations that make no sense are refused in the words of Go', () => {
  const cases: [text: string, message: RegExp][] = [
    ['', /invalid duration ""/],
    ['5', /missing unit in duration "5"/],
    ['5x', /unknown unit "x" in duration "5x"/],
    ['s', /invalid duration "s"/],
    ['-', /invalid duration "-"/],
  ];
  for (const [text, message] of cases) assert.throws(() => parseDuration(text), message);
});
