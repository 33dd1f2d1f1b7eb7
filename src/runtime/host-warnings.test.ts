// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '#model/container.ts';
import { hostWarnings, supportedResources } from '#runtime/host-warnings.ts';
import { FAKE_HOST } from '#runtime/spec/fake-probe.ts';
import { PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import type { HostFacts } from '#runtime/types.ts';

const warnings = (change: Partial<HostConfig>, host: Partial<HostFacts> = {}): string[] =>
  hostWarnings({ ...PLAIN_HOST_CONFIG, ...change }, { ...FAKE_HOST, ...host });

const device = [{ path: '/dev/sda', rate: 1 }];

/** On a host that can limit nothing. */
const DISCARDED: [change: Partial<HostConfig>, warning: string][] = [
  [
    { memoryBytes: 1e8, memorySwapBytes: 2e8 },
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ],
  [
    { memorySwappiness: 5 },
    'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
  ],
  [
    { memoryReservationBytes: 1e8 },
    'Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ],
  [{ oomKillDisable: true }, 'Your kernel does not support OomKillDisable. OomKillDisable discarded.'],
  [
    { pidsLimit: 5 },
    'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
  ],
  [{ cpuShares: 5 }, 'Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.'],
  [{ cpuQuotaUs: 5000 }, 'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.'],
  [{ cpusetCpus: '0' }, 'Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.'],
  [
    { blkioWeight: 100 },
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  ],
  [
    { blkioWeightDevice: [{ path: '/dev/sda', weight: 10 }] },
    'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  ],
  [
    { blkioDeviceReadBps: device },
    'Your kernel does not support BPS Block I/O read limit or the cgroup is not mounted. Block I/O BPS read limit discarded.',
  ],
  [
    { blkioDeviceWriteBps: device },
    'Your kernel does not support BPS Block I/O write limit or the cgroup is not mounted. Block I/O BPS write limit discarded.',
  ],
  [
    { blkioDeviceReadIops: device },
    'Your kernel does not support IOPS Block read limit or the cgroup is not mounted. Block I/O IOPS read limit discarded.',
  ],
  [
    { blkioDeviceWriteIops: device },
    'Your kernel does not support IOPS Block write limit or the cgroup is not mounted. Block I/O IOPS write limit discarded.',
  ],
  [
    { kernelMemoryBytes: 1e8 },
    'Your kernel does not support kernel memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  ],
];

for (const [change, warning] of DISCARDED) {
  test(`a limit that can't be kept is discarded and told of: ${Object.keys(change)[0]}`, () => {
    assert.deepEqual(warnings(change, { limits: new Set() }), [warning]);
    const { resources } = supportedResources({ ...PLAIN_HOST_CONFIG, ...change }, { limits: new Set() });
    assert.deepEqual(supportedResources(resources, { limits: new Set() }).warnings, []);
    if (!('kernelMemoryBytes' in change)) assert.deepEqual(warnings({ ...change, memoryBytes: 1e8 }), []);
  });
}

test('without swap accounting memory is limited all the same', () => {
  const host = { limits: new Set(['memory'] as const) };
  const { resources, warnings } = supportedResources({ ...PLAIN_HOST_CONFIG, memoryBytes: 1e8 }, host);
  assert.deepEqual([resources.memoryBytes, resources.memorySwapBytes], [1e8, -1]);
  assert.deepEqual(warnings, [
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
  ]);
});

test('an OOM killer that is off without a limit is a danger that is told of', () => {
  assert.match(warnings({ oomKillDisable: true })[0] ?? '', /^OOM killer is disabled for the container, but no memory/);
  assert.deepEqual(warnings({ oomKillDisable: true, memoryBytes: 1e8 }), []);
});

test('published ports mean nothing in the host’s network', () => {
  const portBindings = { '80/tcp': [{ hostIp: '', hostPort: '80' }] };
  assert.deepEqual(warnings({ networkMode: 'host', portBindings }), [
    'Published ports are discarded when using host network mode',
  ]);
  assert.deepEqual(warnings({ networkMode: 'none', portBindings }), []);
});

test('ulimits and profiles beyond the host are told of', () => {
  const rlimits = new Map([['nofile', { soft: 10, hard: 100 }]]);
  const [ulimit] = warnings({ ulimits: [{ name: 'nofile', soft: 5, hard: 200 }] }, { rlimits });
  assert.match(ulimit ?? '', /hard limit of 100 for ulimit nofile: 100 is used instead of 200/);
  assert.deepEqual(warnings({ securityOpt: ['apparmor=mine'] }), [
    'Your kernel does not support AppArmor. AppArmor profile discarded.',
  ]);
  assert.deepEqual(warnings({ securityOpt: ['apparmor=unconfined'] }), []);
});
