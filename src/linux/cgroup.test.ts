// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cgroup from '#linux/cgroup.ts';

const line = (mountPoint: string, type: string, options: string): string =>
  `31 23 0:28 / ${mountPoint} rw,relatime shared:9 - ${type} ${type} ${options}`;

const V1 = [
  '30 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
  line('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
  line('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
  line('/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,release_agent=/lib/systemd/agent,name=systemd'),
].join('\n');
const V2 = line('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate');
const HYBRID = `${V1}\n${line('/sys/fs/cgroup/unified', 'cgroup2', 'rw')}`;

test('the layout is read from the mounts', () => {
  const controllers = () => 'cpuset cpu io memory pids\n';
  const v1 = cgroup.readCgroupLayout(V1, controllers);
  assert.deepEqual([v1.kind, v1.version, [...v1.controllers]], ['v1', 1, ['memory', 'cpu', 'cpuacct']]);
  assert.equal(v1.v1.get('name=systemd'), '/sys/fs/cgroup/systemd');
  const hybrid = cgroup.readCgroupLayout(HYBRID, controllers);
  assert.deepEqual([hybrid.kind, hybrid.version, hybrid.unified], ['hybrid', 1, '/sys/fs/cgroup/unified']);
  const v2 = cgroup.readCgroupLayout(V2, controllers);
  assert.deepEqual(
    [v2.kind, v2.version, [...v2.controllers].sort()],
    ['v2', 2, ['cpu', 'cpuset', 'io', 'memory', 'pids']],
  );
});

test('a named hierarchy beside v2 does not make the host a v1 one', () => {
  const systemd = line('/sys/fs/cgroup/systemd', 'cgroup', 'rw,name=systemd');
  assert.equal(cgroup.readCgroupLayout(`${V2}\n${systemd}`, () => 'memory').kind, 'v2');
});

test('a host without control groups is refused with what to do', () => {
  assert.throws(() => cgroup.readCgroupLayout('1 0 8:1 / / rw - ext4 /dev/sda rw'), /mount cgroup2 at/);
});

test('the layout of this very host is one of the three', () => {
  const layout = cgroup.readCgroupLayout();
  assert.ok(['v1', 'hybrid', 'v2'].includes(layout.kind));
  assert.equal(layout.kind === 'v2', layout.version === 2);
});

test('a group is found in each hierarchy once', () => {
  const hybrid = cgroup.readCgroupLayout(HYBRID, () => '');
  assert.equal(cgroup.cgroupDirectory(hybrid, 'cpuacct', '/docker/x'), '/sys/fs/cgroup/cpu,cpuacct/docker/x');
  assert.equal(cgroup.cgroupDirectory(hybrid, 'hugetlb', '/docker/x'), undefined);
  assert.deepEqual(cgroup.cgroupDirectories(hybrid, '/docker/x'), [
    '/sys/fs/cgroup/memory/docker/x',
    '/sys/fs/cgroup/cpu,cpuacct/docker/x',
    '/sys/fs/cgroup/systemd/docker/x',
    '/sys/fs/cgroup/unified/docker/x',
  ]);
  const v2 = cgroup.readCgroupLayout(V2, () => '');
  assert.equal(cgroup.cgroupDirectory(v2, 'memory', 'docker/x'), '/sys/fs/cgroup/docker/x');
});

test('no path leads out of the hierarchy, or to its root', () => {
  const v2 = cgroup.readCgroupLayout(V2, () => '');
  assert.equal(cgroup.cgroupDirectory(v2, 'memory', '../../etc/x'), '/sys/fs/cgroup/etc/x');
  for (const path of ['', '/', '..', '/a/..']) assert.throws(() => cgroup.cgroupDirectory(v2, 'memory', path), path);
});

test('a container goes below its parent', () => {
  assert.equal(cgroup.containerCgroupsPath('', 'abc'), '/docker/abc');
  assert.equal(cgroup.containerCgroupsPath('/ci/jobs', 'abc'), '/ci/jobs/abc');
  assert.equal(cgroup.containerCgroupsPath('../x', 'abc'), '/x/abc');
});

test('OOM kills are counted where the version has them', () => {
  const v1 = cgroup.readCgroupLayout(V1, () => '');
  assert.deepEqual(cgroup.oomCounterFiles(v1, '/docker/x'), ['/sys/fs/cgroup/memory/docker/x/memory.oom_control']);
  const v2 = cgroup.readCgroupLayout(V2, () => '');
  assert.deepEqual(cgroup.oomCounterFiles(v2, '/docker/x'), ['/sys/fs/cgroup/docker/x/memory.events']);
});
