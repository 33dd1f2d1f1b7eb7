// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readCgroupLayout } from '#linux/cgroup.ts';

/**
 * On a hybrid host the other tests see cgroup v1. Here they run once more where only the v2 hierarchy is mounted: it has
 * no controllers for limits, but device filters, freezing, killing and namespaces are those of a v2 host.
 */

const isHybrid = readCgroupLayout().kind === 'hybrid';

const ONLY_V2 = 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';

const SUITES = ['confinement.test.ts', 'cgroup-operations.test.ts'];

test('containers are confined and operated the same with cgroup v2 alone', {
  skip: !isHybrid && 'not a hybrid host',
}, () => {
  const files = SUITES.map((name) => new URL(name, import.meta.url).pathname);
  const command = [process.execPath, '--test', '--test-isolation=none', '--test-reporter=tap', ...files];
  const options = ['--mount', '--propagation', 'private', 'sh', '-c', ONLY_V2, 'sh', ...command];
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const { status, stdout } = spawnSync('unshare', options, { encoding: 'utf8', timeout: 120_000, env });
  assert.equal(
    status,
    0,
    stdout
      .split('\n')
      .filter((line) => /not ok|error:|message/.test(line))
      .join('\n'),
  );
  assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) > 10, stdout);
});
