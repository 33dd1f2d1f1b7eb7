// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CgroupLayout, cgroupDirectory, readCgroupLayout } from '#linux/cgroup.ts';
import * as processes from '#linux/cgroup-processes.ts';

const host = readCgroupLayout();

/** A hybrid host's v2 hierarchy has no controllers, but it freezes and kills: both versions are tried there. */
const layouts: CgroupLayout[] = [host];
if (host.kind === 'hybrid' && host.unified !== undefined) {
  layouts.push({ kind: 'v2', version: 2, v1: new Map(), unified: host.unified, controllers: new Set() });
}

interface Group extends AsyncDisposable {
  path: string;
  /** A process in the group, or in one below it. */
  spawn(below?: string): Promise<ChildProcess>;
}

/** A group of its own in the two hierarchies that matter here. */
function makeGroup(layout: CgroupLayout): Group {
  const path = `/hoy-test-${randomBytes(6).toString('hex')}`;
  const directories = (below: string): string[] => [
    ...new Set(['pids', 'freezer'].map((controller) => join(cgroupDirectory(layout, controller, path) ?? '', below))),
  ];
  const enter = (pid: number, below: string): void => {
    for (const directory of directories(below)) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'cgroup.procs'), `${pid}`);
    }
  };
  for (const directory of directories('')) mkdirSync(directory);
  return {
    path,
    async spawn(below = '') {
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      await once(child, 'spawn');
      enter(child.pid ?? 0, below);
      return child;
    },
    async [Symbol.asyncDispose]() {
      await processes.killCgroup(layout, path);
      assert.equal(await processes.removeCgroup(layout, path), true);
    },
  };
}

/** The kernel's one letter for what a process is doing. */
const stateOf = (child: ChildProcess): string =>
  /^State:\s*(\w)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '';

for (const layout of layouts) {
  test(`cgroup v${layout.version}: processes of a group and of those below it are listed`, async () => {
    await using group = makeGroup(layout);
    const [first, second] = [await group.spawn(), await group.spawn('below/deeper')];
    assert.deepEqual(processes.cgroupPids(layout, group.path).sort(), [first.pid, second.pid].sort());
  });

  test(`cgroup v${layout.version}: a group that does not exist has no processes, is not frozen, and is removed already`, async () => {
    assert.deepEqual(processes.cgroupPids(layout, '/hoy-test-missing'), []);
    assert.equal(processes.isCgroupFrozen(layout, '/hoy-test-missing'), false);
    assert.equal(await processes.removeCgroup(layout, '/hoy-test-missing'), true);
    assert.equal(await processes.killCgroup(layout, '/hoy-test-missing'), true);
    await assert.rejects(processes.freezeCgroup(layout, '/hoy-test-missing'), { code: 'ENOENT' });
  });

  test(`cgroup v${layout.version}: a frozen group stands still until it is thawed; twice is as good as once`, async () => {
    await using group = makeGroup(layout);
    const child = await group.spawn();
    await processes.freezeCgroup(layout, group.path);
    await processes.freezeCgroup(layout, group.path);
    assert.equal(processes.isCgroupFrozen(layout, group.path), true);
    // cgroup v2 leaves a frozen process in a sleep of its own kind, v1 in one that no signal ends.
    assert.match(stateOf(child), layout.version === 1 ? /D/ : /[SD]/);
    await processes.thawCgroup(layout, group.path);
    await processes.thawCgroup(layout, group.path);
    assert.equal(processes.isCgroupFrozen(layout, group.path), false);
    child.kill('SIGTERM');
    if (child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGTERM');
  });

  test(`cgroup v${layout.version}: killing reaches frozen processes and those in groups below`, async () => {
    await using group = makeGroup(layout);
    const children = [await group.spawn(), await group.spawn('below')];
    await processes.freezeCgroup(layout, group.path);
    const exits = children.map((child) => once(child, 'exit'));
    assert.equal(await processes.killCgroup(layout, group.path), true);
    await Promise.all(exits);
    assert.deepEqual(
      children.map((child) => child.signalCode),
      ['SIGKILL', 'SIGKILL'],
    );
  });

  test(`cgroup v${layout.version}: a group is removed with those below it, in every hierarchy`, async () => {
    const group = makeGroup(layout);
    const child = await group.spawn('a/b');
    await processes.killCgroup(layout, group.path);
    assert.equal(await processes.removeCgroup(layout, group.path), true);
    assert.equal(existsSync(cgroupDirectory(layout, 'pids', group.path) ?? ''), false);
    if (child.signalCode === null) await once(child, 'exit');
  });
}

test('on a host without a freezer, pausing says so', async () => {
  const bare: CgroupLayout = { kind: 'v1', version: 1, v1: new Map(), controllers: new Set() };
  await assert.rejects(processes.freezeCgroup(bare, '/x'), /no freezer/);
});
