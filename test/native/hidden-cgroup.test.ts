// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Lab } from './lab.ts';

/** What lies below the mount of the v2 hierarchy, where a runtime that can't see it might make directories. */
const BELOW = 'mount --make-rprivate /sys/fs/cgroup && umount -l /sys/fs/cgroup/unified && ls -a "$1"';

test('a runtime from which the v2 hierarchy is hidden leaves nothing below its mount point', {
  skip: !existsSync('/sys/fs/cgroup/unified') && 'this host has no hybrid control groups',
}, async () => {
  await using lab = new Lab();
  assert.ok(lab.runtime.hideUnifiedCgroup);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const { shim } = await lab.run(['true']);
  await shim.exited;
  await shim.release();
  const directory = `/sys/fs/cgroup/unified${lab.cgroup}`;
  const seen = spawnSync('unshare', ['--mount', '--propagation', 'unchanged', 'sh', '-c', BELOW, 'sh', directory]);
  assert.match(seen.stderr.toString(), /No such file or directory/);
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts, "the host's mounts are as they were");
});
