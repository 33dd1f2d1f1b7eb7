// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTimestamp } from '#cli/options/timestamps.ts';

const NOW = Date.parse('2026-11-23T06:00:00.000Z');

test('moments are given to the engine in seconds and nanoseconds', () => {
  const cases: [text: string, moment: string | undefined][] = [
    ['', undefined],
    ['1700000000', '1700000000'],
    ['1700000000.5', '1700000000.5'],
    ['2026-01-02T03:04:05Z', '1767323045.000000000'],
    ['2026-01-02T03:04:05.123456789Z', '1767323045.123456789'],
    ['2026-01-02T03:04:05+01:00', '1767319445.000000000'],
    ['10m', '1795413000.000000000'],
    ['1h30m', '1795408200.000000000'],
  ];
  for (const [text, moment] of cases) assert.equal(toTimestamp(text, NOW), moment, text);
});

test('what is neither a time nor a duration is refused', () => {
  for (const text of ['yesterday', '2026-13-01', '2026-01-02T25', '5 minutes']) {
    assert.throws(() => toTimestamp(text, NOW), /failed to parse value as time or duration/);
  }
});
