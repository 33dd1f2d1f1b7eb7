// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerRecord, hostConfig } from '#container/container-testing.ts';
import { BackOff, startsWithEngine, wantsRestart } from '#container/restart-policy.ts';
import type { ContainerRecord, RestartPolicy, RestartPolicyName } from '#model/container.ts';

const policy = (name: RestartPolicyName, maximumRetryCount = 0): RestartPolicy => ({
  name,
  maximumRetryCount,
  onUnhealthy: false,
});

test('what follows when a process ends by itself', () => {
  const cases: [RestartPolicy, boolean, number, boolean][] = [
    [policy('no'), true, 0, false],
    [policy('always'), false, 99, true],
    [policy('unless-stopped'), false, 99, true],
    [policy('on-failure'), false, 0, false],
    [policy('on-failure'), true, 99, true],
    [policy('on-failure', 2), true, 1, true],
    [policy('on-failure', 2), true, 2, false],
  ];
  for (const [restartPolicy, failed, restartCount, expected] of cases) {
    assert.equal(wantsRestart(restartPolicy, { failed, restartCount }), expected, JSON.stringify(restartPolicy));
  }
});

function endedRecord(
  name: RestartPolicyName,
  more: Partial<ContainerRecord> & { exitCode?: number } = {},
): ContainerRecord {
  const { exitCode = 1, ...record } = more;
  const at = new Date(0);
  return containerRecord({
    hostConfig: hostConfig({ restartPolicy: policy(name) }),
    state: { status: 'exited', exitCode, oomKilled: false, error: '', startedAt: at, finishedAt: at },
    ...record,
  });
}

test('what is started together with the engine', () => {
  assert.ok(startsWithEngine(endedRecord('always')));
  assert.ok(startsWithEngine(endedRecord('always', { hasBeenManuallyStopped: true })));
  assert.ok(startsWithEngine(endedRecord('unless-stopped')));
  assert.ok(!startsWithEngine(endedRecord('unless-stopped', { hasBeenManuallyStopped: true })));
  assert.ok(startsWithEngine(endedRecord('on-failure')));
  assert.ok(!startsWithEngine(endedRecord('on-failure', { exitCode: 0 })));
  assert.ok(!startsWithEngine(endedRecord('on-failure', { hasBeenManuallyStopped: true })));
  assert.ok(!startsWithEngine(endedRecord('no')));
});

test('a container that never ran is not started with the engine', () => {
  assert.ok(!startsWithEngine(endedRecord('always', { state: { status: 'created', error: '', exitCode: 0 } })));
});

test('the pause doubles from 100 ms to a minute and begins anew after a steady run', () => {
  const backOff = new BackOff();
  const quick = Array.from({ length: 12 }, () => backOff.afterRun(5));
  assert.deepEqual(quick, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  assert.equal(backOff.afterRun(10_000), 100);
  assert.equal(backOff.afterRun(9999), 200);
});
