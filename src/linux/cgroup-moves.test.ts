// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CgroupLayout, readCgroupLayout } from '#linux/cgroup.ts';
import { ownProcessList, prepareCgroupMoves } from '#linux/cgroup-moves.ts';

const V1: CgroupLayout = {
  kind: 'hybrid',
  version: 1,
  v1: new Map([
    ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
    ['name=systemd', '/sys/fs/cgroup/systemd'],
  ]),
  unified: '/sys/fs/cgroup/unified',
  controllers: new Set(['cpu']),
};
const V2: CgroupLayout = { kind: 'v2', version: 2, v1: new Map(), unified: '/sys/fs/cgroup', controllers: new Set() };

const LISTS: [name: string, layout: CgroupLayout, self: string, list: string | undefined][] = [
  ['v2', V2, '0::/system.slice/hoyd.service\n', '/sys/fs/cgroup/system.slice/hoyd.service/cgroup.procs'],
  ['v1', V1, '4:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n', '/sys/fs/cgroup/cpu,cpuacct/a/cgroup.procs'],
  [
    'a controller that is not mounted',
    V1,
    '9:pids:/x\n1:name=systemd:/b:c\n',
    '/sys/fs/cgroup/systemd/b:c/cgroup.procs',
  ],
  ['a group outside of the namespace', V2, '0::/../outside\n', undefined],
  ['nothing', V1, '', undefined],
];

test('the process list of the own group is found in every layout', () => {
  for (const [name, layout, self, list] of LISTS) assert.equal(ownProcessList(layout, self), list, name);
});

test('this process stays in the groups that it is in', async () => {
  const before = readFileSync('/proc/self/cgroup', 'utf8');
  await prepareCgroupMoves(readCgroupLayout());
  assert.equal(readFileSync('/proc/self/cgroup', 'utf8'), before);
});

test('control groups that are not there are no failure', async () => {
  await prepareCgroupMoves({ ...V2, unified: '/no/such/hierarchy' });
});
