// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig } from '#container/container-testing.ts';
import { nextHealth, nextProbeMs, probeCommand } from '#container/health.ts';
import type { Health, HealthProbe } from '#model/container.ts';

const STARTED = new Date(0);
const CHECK = { test: ['CMD', 'x'], retries: 2, startPeriodMs: 1000 };
const starting: Health = { status: 'starting', failingStreak: 0, log: [] };

const probe = (exitCode: number, atMs = 5000): HealthProbe => ({
  start: new Date(atMs),
  end: new Date(atMs + 1),
  exitCode,
  output: '',
});

const after = (...probes: HealthProbe[]): Health =>
  probes.reduce((health, result) => nextHealth(health, result, CHECK, STARTED), starting);

test('one good probe makes a container healthy, and ends a streak', () => {
  assert.equal(after(probe(0)).status, 'healthy');
  const recovered = after(probe(1), probe(1), probe(0));
  assert.equal(recovered.status, 'healthy');
  assert.equal(recovered.failingStreak, 0);
});

test('as many failures in a row as it may retry make it unhealthy', () => {
  assert.deepEqual([after(probe(1)).status, after(probe(1)).failingStreak], ['starting', 1]);
  assert.deepEqual([after(probe(1), probe(2)).status, after(probe(1), probe(2)).failingStreak], ['unhealthy', 2]);
  assert.equal(after(probe(0), probe(1)).status, 'healthy');
});

test('failures in the start period don’t count until it was healthy once', () => {
  assert.equal(after(probe(1, 10), probe(1, 20), probe(1, 30)).failingStreak, 0);
  assert.equal(after(probe(0, 10), probe(1, 20)).failingStreak, 1);
  assert.equal(after(probe(1, 1000)).failingStreak, 1);
});

test('the last five probes are kept, oldest first', () => {
  const { log } = after(...[1, 2, 3, 4, 5, 6, 7].map((code) => probe(code)));
  assert.deepEqual(
    log.map(({ exitCode }) => exitCode),
    [3, 4, 5, 6, 7],
  );
});

test('probes come quicker while a container starts', () => {
  const check = { test: [], intervalMs: 9000, startIntervalMs: 100, startPeriodMs: 1000 };
  assert.equal(nextProbeMs(starting, check, STARTED, new Date(500)), 100);
  assert.equal(nextProbeMs({ ...starting, status: 'healthy' }, check, STARTED, new Date(500)), 9000);
  assert.equal(nextProbeMs(starting, check, STARTED, new Date(1000)), 9000);
  assert.equal(nextProbeMs(starting, { test: [] }, STARTED, new Date(0)), 30_000);
});

test('a probe is a command, or a line for the container’s shell', () => {
  const command = (words: string[], shell?: string[]): string[] | undefined =>
    probeCommand(containerConfig({ healthcheck: { test: words }, ...(shell && { shell }) }));
  assert.deepEqual(command(['CMD', 'curl', '-f']), ['curl', '-f']);
  assert.deepEqual(command(['CMD-SHELL', 'exit 1']), ['/bin/sh', '-c', 'exit 1']);
  assert.deepEqual(command(['CMD-SHELL', 'exit 1'], ['/bin/bash', '-ec']), ['/bin/bash', '-ec', 'exit 1']);
  for (const none of [[], ['NONE'], ['CMD'], ['OTHER', 'x']]) assert.equal(command(none), undefined);
});
