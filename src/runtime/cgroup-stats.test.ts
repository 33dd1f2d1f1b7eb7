// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from '#linux/cgroup.ts';
import * as stats from '#runtime/cgroup-stats.ts';

/** Recorded from a container on a host with nothing but cgroup v2. */
const V2_FILES: Record<string, string> = {
  'cpu.stat':
    'usage_usec 123456\nuser_usec 100000\nsystem_usec 23456\nnr_periods 10\nnr_throttled 3\nthrottled_usec 4000\n',
  'memory.current': '5242880\n',
  'memory.max': '67108864\n',
  'memory.stat': 'anon 4096\nfile 1048576\ninactive_file 524288\nactive_file 524288\npgfault 321\n',
  'memory.events': 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n',
  'pids.current': '4\n',
  'pids.max': '100\n',
  'io.stat': '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n254:1 rbytes=10 wbytes=0 rios=3 wios=0\n',
};

function recorded(files: Record<string, string>): Disposable & { layout: CgroupLayout } {
  const unified = mkdtempSync(join(tmpdir(), 'hoy-stats-'));
  mkdirSync(join(unified, 'docker/x'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(unified, 'docker/x', name), content);
  return {
    layout: { kind: 'v2', version: 2, v1: new Map(), unified, controllers: new Set() },
    [Symbol.dispose]: () => rmSync(unified, { recursive: true, force: true }),
  };
}

test('cgroup v2: every counter is read as Docker shows it', async () => {
  using group = recorded(V2_FILES);
  const { read, networks, cpu, ...sample } = await stats.readStats(group.layout, '/docker/x');
  const { systemUsageNs, onlineCpus, ...usage } = cpu;
  assert.ok(read instanceof Date && systemUsageNs > 0 && onlineCpus > 0);
  assert.deepEqual(networks, {});
  assert.deepEqual(usage, {
    totalUsageNs: 123_456_000,
    userNs: 100_000_000,
    systemNs: 23_456_000,
    throttling: { periods: 10, throttledPeriods: 3, throttledTimeNs: 4_000_000 },
  });
  assert.deepEqual(sample, {
    pids: { current: 4, limit: 100 },
    memory: {
      usageBytes: 5_242_880,
      limitBytes: 67_108_864,
      failCount: 2,
      stat: { anon: 4096, file: 1_048_576, inactive_file: 524_288, active_file: 524_288, pgfault: 321 },
    },
    blkio: {
      ioServiceBytes: [
        { major: 8, minor: 0, op: 'read', value: 4096 },
        { major: 8, minor: 0, op: 'write', value: 8192 },
        { major: 254, minor: 1, op: 'read', value: 10 },
        { major: 254, minor: 1, op: 'write', value: 0 },
      ],
      ioServiced: [
        { major: 8, minor: 0, op: 'read', value: 1 },
        { major: 8, minor: 0, op: 'write', value: 2 },
        { major: 254, minor: 1, op: 'read', value: 3 },
        { major: 254, minor: 1, op: 'write', value: 0 },
      ],
    },
    cgroupVersion: 2,
  });
});

test('a container without limits is limited by the memory of the host, and by no number of processes', async () => {
  using group = recorded({ ...V2_FILES, 'memory.max': 'max\n', 'pids.max': 'max\n' });
  const sample = await stats.readStats(group.layout, '/docker/x');
  assert.equal(sample.memory?.limitBytes, totalmem());
  assert.deepEqual(sample.pids, { current: 4 });
});

test('controllers that the host lacks count nothing', async () => {
  using group = recorded({});
  const sample = await stats.readStats(group.layout, '/docker/x');
  assert.equal(sample.memory, undefined);
  assert.deepEqual([sample.pids, sample.cpu.totalUsageNs, sample.blkio.ioServiced], [{}, 0, []]);
});

test('cgroup v1: block devices are told apart, their totals left out', () => {
  const text = '8:0 Read 4096\n8:0 Write 1\n8:0 Total 4097\nTotal 4097\n';
  assert.deepEqual(
    stats.parseBlkio(text).map(({ op, value }) => [op, value]),
    [
      ['Read', 4096],
      ['Write', 1],
      ['Total', 4097],
    ],
  );
});

test('the time of the host counts idling and waiting, and that of guests only once', () => {
  const text = 'cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n';
  assert.deepEqual(stats.parseSystemUsage(text), { systemUsageNs: 280 * 10_000_000, onlineCpus: 2 });
});

test('interfaces are counted by name, whatever a container called them', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0',
    '  eth0:     936      12    1    2    0     0          0         0     4242       7    3    4    0     0       0          0',
    '__proto__: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0',
  ].join('\n');
  const networks = stats.parseNetworks(text);
  assert.deepEqual(Object.keys(networks), ['eth0', '__proto__']);
  assert.deepEqual(networks.eth0, {
    rxBytes: 936,
    rxPackets: 12,
    rxErrors: 1,
    rxDropped: 2,
    txBytes: 4242,
    txPackets: 7,
    txErrors: 3,
    txDropped: 4,
  });
});
