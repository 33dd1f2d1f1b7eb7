// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig, containerRecord } from '#container/container-testing.ts';
import { compilePruneFilter, parseMoment } from '#container/prune-filter.ts';
import { isEngineError } from '#core/errors.ts';

const NOW = new Date('2026-11-23T12:00:00.000Z');

test('containers are pruned by age and by labels', () => {
  const record = containerRecord({
    createdAt: new Date('2026-11-23T11:00:00Z'),
    config: containerConfig({ labels: { keep: 'yes', team: 'a' } }),
  });
  const cases: [filters: Record<string, string[]>, isPruned: boolean][] = [
    [{}, true],
    [{ until: ['30m'] }, true],
    [{ until: ['1h'] }, true],
    [{ until: ['2h'] }, false],
    [{ until: ['2026-11-23T10:59:59Z'] }, false],
    [{ label: ['team'] }, true],
    [{ label: ['team=b'] }, false],
    [{ 'label!': ['keep'] }, false],
    [{ 'label!': ['keep=no'] }, true],
    [{ 'label!': ['other'] }, true],
    [{ label: ['team'], 'label!': ['other'], until: ['10m'] }, true],
  ];
  for (const [filters, isPruned] of cases) {
    assert.equal(compilePruneFilter(new Map(Object.entries(filters)), NOW)(record), isPruned, JSON.stringify(filters));
  }
});

test('moments are read as the command line writes them', () => {
  const local = (text: string): number => new Date(text).getTime();
  const cases: [text: string, millis: number][] = [
    ['10m', NOW.getTime() - 600_000],
    ['1h30m', NOW.getTime() - 5_400_000],
    ['1.5h', NOW.getTime() - 5_400_000],
    ['250ms', NOW.getTime() - 250],
    ['-1m', NOW.getTime() + 60_000],
    ['1700000000', 1_700_000_000_000],
    ['1700000000.250000000', 1_700_000_000_250],
    ['0', 0],
    ['2026-01-02', local('2026-01-02T00:00:00')],
    ['2026-01-02T03', local('2026-01-02T03:00:00')],
    ['2026-01-02T03:04', local('2026-01-02T03:04:00')],
    ['2026-01-02T03:04:05', local('2026-01-02T03:04:05')],
    ['2026-01-02T03:04:05.5', local('2026-01-02T03:04:05.5')],
    ['2026-01-02Z', Date.parse('2026-01-02T00:00:00Z')],
    ['2026-01-02T03:04:05.678Z', Date.parse('2026-01-02T03:04:05.678Z')],
    ['2026-01-02T03:04:05+02:00', Date.parse('2026-01-02T01:04:05Z')],
    ['2026-01-02T03+02:00', Date.parse('2026-01-02T01:00:00Z')],
  ];
  for (const [text, millis] of cases) assert.equal(parseMoment(text, NOW).getTime(), millis, text);
});

test('bad filters are refused', () => {
  const cases: [filters: Record<string, string[]>, message: RegExp][] = [
    [{ name: ['x'] }, /^invalid filter 'name'$/],
    [{ until: ['1h', '2h'] }, /^more than one until filter specified$/],
    [{ until: ['soon'] }, /^failed to parse value as time or duration: "soon"$/],
    [{ until: [''] }, /^failed to parse value/],
    [{ until: ['2026-13-45'] }, /^failed to parse value/],
    [{ until: ['99999999999999999999'] }, /^failed to parse value/],
    [{ until: ['10'.repeat(5000)] }, /^failed to parse value/],
  ];
  for (const [filters, message] of cases) {
    assert.throws(
      () => compilePruneFilter(new Map(Object.entries(filters)), NOW),
      (error) => isEngineError(error, 'invalid-parameter') && message.test(error.message),
      JSON.stringify(filters).slice(0, 60),
    );
  }
});
