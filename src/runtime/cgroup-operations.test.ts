// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cgroupDirectories, cgroupDirectory } from '#linux/cgroup.ts';
import { CgroupOperations } from '#runtime/cgroup-operations.ts';
import { PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import { type TestContainer, testContainer, testHost } from '#runtime/test-container.ts';

const host = await testHost();
const operations = new CgroupOperations({ layout: host.layout, host: host.host });

after(() => host[Symbol.dispose]());

/** A container that runs `sleep`, with the pid of its first process. */
async function running(runtime: string, argv = ['/bin/sleep', '60']): Promise<TestContainer & { pid: number }> {
  const container = testContainer(host, { runtime, argv });
  const { exitCode, output } = container.runtimeCall('run', '--detach', '--bundle', container.bundle, container.id);
  assert.equal(exitCode, 0, output);
  const [pid = 0] = await operations.pids(container);
  return { ...container, pid };
}

const statusOf = (container: TestContainer): string | undefined => {
  const { exitCode, output } = container.runtimeCall('state', container.id);
  return exitCode === 0 ? /"status": "(\w+)"/.exec(output)?.[1] : undefined;
};

/** Gone, or only waiting for its parent to ask how it ended. */
function hasEnded(pid: number): boolean {
  try {
    return /^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

async function eventually(isTrue: () => boolean): Promise<void> {
  for (let attempt = 0; !isTrue(); attempt++) {
    assert.ok(attempt < 500, 'it did not come true within five seconds');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const withoutLimits = ['memory', 'cpu', 'pids', 'cpuset'].every((name) => host.layout.controllers.has(name))
  ? false
  : 'this host lacks controllers';

for (const runtime of host.runtimes.working.keys()) {
  test(`${runtime}: a paused container stands still, also in the eyes of the runtime, and goes on`, async () => {
    await using container = await running(runtime);
    assert.equal(await operations.isPaused(container), false);
    await operations.pause(container);
    await operations.pause(container);
    assert.deepEqual([await operations.isPaused(container), statusOf(container)], [true, 'paused']);
    await operations.resume(container);
    assert.deepEqual([await operations.isPaused(container), statusOf(container)], [false, 'running']);
  });

  test(`${runtime}: processes are listed, counted and signalled`, async () => {
    await using container = await running(runtime, ['/bin/sh', '-c', 'sleep 60 & exec sleep 60']);
    await eventually(() => statusOf(container) === 'running');
    const sample = await operations.stats(container, container.pid);
    const { controllers } = host.layout;
    if (controllers.has('pids')) assert.equal(sample.pids.current, (await operations.pids(container)).length);
    if (controllers.has('memory')) assert.ok((sample.memory?.usageBytes ?? 0) > 0);
    assert.ok(sample.cpu.totalUsageNs > 0 && sample.cpu.systemUsageNs > sample.cpu.totalUsageNs);
    assert.deepEqual(sample.networks, {});
    assert.equal(operations.signal(container.pid, 9), true);
    await eventually(() => hasEnded(container.pid));
  });

  test(`${runtime}: limits change while it runs, all or none`, { skip: withoutLimits }, async () => {
    await using container = await running(runtime);
    const isV2 = host.layout.version === 2;
    const read = (controller: string, v1: string, v2: string): string => {
      const directory = cgroupDirectory(host.layout, controller, container.cgroupsPath) ?? '';
      return readFileSync(join(directory, isV2 ? v2 : v1), 'utf8').trim();
    };
    await operations.update(container, {
      ...PLAIN_HOST_CONFIG,
      memoryBytes: 32 << 20,
      memorySwapBytes: 64 << 20,
      cpuShares: 300,
      nanoCpus: 25e7,
      pidsLimit: 33,
      cpusetCpus: '0',
    });
    assert.equal(read('memory', 'memory.limit_in_bytes', 'memory.max'), `${32 << 20}`);
    assert.equal(read('memory', 'memory.memsw.limit_in_bytes', 'memory.swap.max'), `${(isV2 ? 32 : 64) << 20}`);
    assert.equal(read('cpu', 'cpu.cfs_quota_us', 'cpu.max'), isV2 ? '25000 100000' : '25000');
    const hopeless = { ...PLAIN_HOST_CONFIG, cpuShares: 900, cpusetCpus: '4000' };
    await assert.rejects(operations.update(container, hopeless), {
      code: 'invalid-parameter',
      message: /cpuset\.cpus/,
    });
    assert.equal(read('cpu', 'cpu.shares', 'cpu.weight'), isV2 ? '12' : '300');
    await operations.update(container, { ...PLAIN_HOST_CONFIG, memoryBytes: 96 << 20, memorySwapBytes: -1 });
    assert.equal(read('memory', 'memory.limit_in_bytes', 'memory.max'), `${96 << 20}`);
  });

  test(`${runtime}: nothing is left of a removed container, and its name is free again`, async () => {
    await using container = await running(runtime, ['/bin/sh', '-c', 'sleep 60 & exec sleep 60']);
    await operations.pause(container);
    await operations.remove(container);
    assert.deepEqual(readdirSync(container.runtimeRoot), []);
    for (const directory of cgroupDirectories(host.layout, container.cgroupsPath)) {
      assert.equal(existsSync(directory), false, directory);
    }
    assert.ok(hasEnded(container.pid));
    assert.equal(statusOf(container), undefined);
    await operations.remove(container);
    const again = container.runtimeCall('run', '--detach', '--bundle', container.bundle, container.id);
    assert.equal(again.exitCode, 0, again.output);
    await operations.remove(container);
  });
}

test('a runtime that is neither crun nor runc does it itself', async () => {
  const calls = join(host.directory, 'calls');
  const script = join(host.directory, 'other-runtime');
  const state = `#!/bin/sh\necho "$@" >> ${calls}\ncase $4 in state) echo '{"status":"paused"}';; update) cat >> ${calls}; echo >> ${calls};; esac\n`;
  writeFileSync(script, state, { mode: 0o755 });
  const runtime = { name: 'other', path: script, args: ['--debug'], version: 'other 1', hideUnifiedCgroup: false };
  const container = {
    id: 'x',
    cgroupsPath: '/docker/hoy-test-other',
    runtime,
    runtimeRoot: join(host.directory, 'other'),
  };
  const operations = new CgroupOperations({ layout: host.layout, host: {} });
  await operations.pause(container);
  assert.equal(await operations.isPaused(container), true);
  await operations.resume(container);
  await operations.update(container, { ...PLAIN_HOST_CONFIG, cpuShares: 10 });
  await operations.remove(container);
  const lines = readFileSync(calls, 'utf8').trim().split('\n');
  const root = container.runtimeRoot;
  assert.deepEqual(lines, [
    `--debug --root ${root} pause x`,
    `--debug --root ${root} state x`,
    `--debug --root ${root} resume x`,
    `--debug --root ${root} update --resources - x`,
    '{"cpu":{"shares":10}}',
    `--debug --root ${root} delete --force x`,
  ]);
});

test('signalling a process that is gone says so', () => {
  const { pid } = spawnSync('/bin/true');
  assert.equal(operations.signal(pid, 15), false);
});

test('a pid that stands for a group of processes is never signalled', () => {
  for (const pid of [0, -1, 1, Number.NaN]) assert.equal(operations.signal(pid, 0), false);
});
