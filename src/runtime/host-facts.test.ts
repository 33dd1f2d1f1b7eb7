// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { type CgroupLayout, readCgroupLayout } from '#linux/cgroup.ts';
import { defaultApparmorProfile, ensureDefaultApparmorProfile, isApparmorEnabled } from '#runtime/apparmor.ts';
import { parseKernelVersion, readHostFacts, readLimits } from '#runtime/host-facts.ts';

test('this host is described as its own tools describe it', () => {
  const layout = readCgroupLayout();
  const facts = readHostFacts(layout);
  assert.deepEqual(facts.kernel, parseKernelVersion(execFileSync('uname', ['-r'], { encoding: 'utf8' })));
  assert.equal(facts.cpuCount, availableParallelism());
  assert.ok(facts.capabilities.has('CAP_SYS_ADMIN') && facts.capabilities.has('CAP_CHOWN'));
  assert.equal(facts.rlimits === undefined, facts.capabilities.has('CAP_SYS_RESOURCE'));
  assert.equal(facts.limits?.has('memory'), layout.controllers.has('memory'));
  assert.equal(facts.seccomp, true);
  assert.ok(facts.devices().some(({ path, major, minor }) => path === '/dev/null' && major === 1 && minor === 3));
  if (layout.controllers.has('cpuset')) assert.match(facts.cpusetCpus ?? '', /^\d/);
});

test('kernel versions of distributions are understood', () => {
  assert.deepEqual(parseKernelVersion('6.1.0-18-amd64'), { major: 6, minor: 1 });
  assert.deepEqual(parseKernelVersion('5.15-custom'), { major: 5, minor: 15 });
});

test('on cgroup v1 a limit exists where its file does', () => {
  const v1 = new Map([
    ['memory', '/m'],
    ['blkio', '/b'],
    ['pids', '/p'],
  ]);
  const layout: CgroupLayout = { kind: 'v1', version: 1, v1, controllers: new Set(['memory', 'blkio', 'pids']) };
  const files = ['/m/memory.limit_in_bytes', '/b/blkio.throttle.read_bps_device', '/p/cgroup.procs'];
  const limits = readLimits(layout, (path) => files.includes(path));
  assert.deepEqual([...limits].sort(), ['blkio-read-bps', 'memory', 'pids']);
});

test('on cgroup v2 limits come with their controllers', () => {
  const layout: CgroupLayout = {
    kind: 'v2',
    version: 2,
    v1: new Map(),
    unified: '/sys/fs/cgroup',
    controllers: new Set(['cpu', 'memory', 'rdma']),
  };
  const withSwap = readLimits(layout, () => true);
  assert.deepEqual([...withSwap].sort(), ['cpu-cfs', 'cpu-shares', 'devices', 'memory', 'memory-reservation', 'swap']);
  assert.equal(readLimits(layout, () => false).has('swap'), false);
});

test('the AppArmor profile denies what the masks deny, with or without the distribution’s abstractions', () => {
  const bare = defaultApparmorProfile('docker-default', () => false);
  assert.match(bare, /^@\{PROC\}=\/proc\/\n/);
  assert.match(bare, /profile docker-default flags=\(attach_disconnected,mediate_deleted\) \{/);
  for (const path of ['@{PROC}/kcore', '@{PROC}/sysrq-trigger', '/sys/firmware/**', 'mount,']) {
    assert.ok(bare.includes(`deny ${path}`), path);
  }
  assert.ok(defaultApparmorProfile('x', () => true).includes('#include <abstractions/base>'));
});

test('loading the profile does nothing on a host without AppArmor', async (context) => {
  if (isApparmorEnabled()) context.skip('this host has AppArmor');
  else await ensureDefaultApparmorProfile('hoy-test-profile');
});
