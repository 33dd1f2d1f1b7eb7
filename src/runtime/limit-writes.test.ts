// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources } from '#model/container.ts';
import { type CurrentLimits, cpuWeight, ioWeight, limitWrites } from '#runtime/limit-writes.ts';
import { fakeProbe } from '#runtime/spec/fake-probe.ts';
import { PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';

const GIB = 1024 ** 3;
const probe = fakeProbe({ devices: { '/dev/sda': { type: 'b', major: 8, minor: 0 } } });

function written(version: 1 | 2, change: Partial<Resources>, current: CurrentLimits = {}): string[] {
  const writes = limitWrites(version, { ...PLAIN_HOST_CONFIG, ...change }, current, probe);
  return writes.map(({ files, value }) => `${files[0]}=${value}`);
}

const CASES: [title: string, change: Partial<Resources>, v1: string[], v2: string[], current?: CurrentLimits][] = [
  ['nothing asked, nothing written', {}, [], []],
  [
    'cpus as quota of a tenth of a second',
    { nanoCpus: 1.5e9 },
    ['cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=150000'],
    ['cpu.max=150000 100000'],
  ],
  [
    'a quota alone keeps the period',
    { cpuQuotaUs: 20_000 },
    ['cpu.cfs_quota_us=20000'],
    ['cpu.max=20000 50000'],
    { cpuPeriodUs: 50_000 },
  ],
  ['a quota of -1 takes the limit away', { cpuQuotaUs: -1 }, ['cpu.cfs_quota_us=-1'], ['cpu.max=max 100000']],
  ['shares become weight', { cpuShares: 1024 }, ['cpu.shares=1024'], ['cpu.weight=39']],
  [
    'processors and memory nodes',
    { cpusetCpus: '0-1', cpusetMems: '0' },
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
    ['cpuset.cpus=0-1', 'cpuset.mems=0'],
  ],
  ['no limit of processes', { pidsLimit: -1 }, ['pids.max=max'], ['pids.max=max']],
  ['some processes', { pidsLimit: 50 }, ['pids.max=50'], ['pids.max=50']],
  ['memory alone', { memoryBytes: GIB }, ['memory.limit_in_bytes=1073741824'], ['memory.max=1073741824']],
  [
    'memory and swap that grow: the sum first',
    { memoryBytes: GIB, memorySwapBytes: 2 * GIB },
    ['memory.memsw.limit_in_bytes=2147483648', 'memory.limit_in_bytes=1073741824'],
    ['memory.max=1073741824', 'memory.swap.max=1073741824'],
    { memorySwapBytes: GIB },
  ],
  [
    'memory and swap that shrink: memory first',
    { memoryBytes: GIB, memorySwapBytes: GIB },
    ['memory.limit_in_bytes=1073741824', 'memory.memsw.limit_in_bytes=1073741824'],
    ['memory.max=1073741824', 'memory.swap.max=0'],
    { memorySwapBytes: 4 * GIB },
  ],
  ['swap without limit', { memorySwapBytes: -1 }, ['memory.memsw.limit_in_bytes=-1'], ['memory.swap.max=max']],
  [
    'swap beside the memory in force',
    { memorySwapBytes: 3 * GIB },
    ['memory.memsw.limit_in_bytes=3221225472'],
    ['memory.swap.max=2147483648'],
    { memoryBytes: GIB },
  ],
  [
    'reservation',
    { memoryReservationBytes: GIB },
    ['memory.soft_limit_in_bytes=1073741824'],
    ['memory.low=1073741824'],
  ],
  ['weight of block devices', { blkioWeight: 500 }, ['blkio.weight=500'], ['io.bfq.weight=4950']],
  [
    'throttled devices',
    { blkioDeviceReadBps: [{ path: '/dev/sda', rate: 1000 }], blkioDeviceWriteIops: [{ path: '/dev/sda', rate: 5 }] },
    ['blkio.throttle.read_bps_device=8:0 1000', 'blkio.throttle.write_iops_device=8:0 5'],
    ['io.max=8:0 rbps=1000', 'io.max=8:0 wiops=5'],
  ],
];

for (const [title, change, v1, v2, current] of CASES) {
  test(`limits are written for both versions: ${title}`, () => {
    assert.deepEqual(written(1, change, current), v1);
    assert.deepEqual(written(2, change, current), v2);
  });
}

test('weights stay within what cgroup v2 takes', () => {
  assert.deepEqual([2, 1024, 262_144, 1, 9e9].map(cpuWeight), [1, 39, 10_000, 1, 10_000]);
  assert.deepEqual([10, 500, 1000].map(ioWeight), [1, 4950, 10_000]);
});
