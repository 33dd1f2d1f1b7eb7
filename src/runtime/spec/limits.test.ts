// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resources, Ulimit } from '#model/container.ts';
import { fakeInput, fakeProbe } from '#runtime/spec/fake-probe.ts';
import type { OciResources } from '#runtime/spec/oci.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import { ociResources, withDefaultSwap } from '#runtime/spec/resources.ts';
import { checkUlimits, containerRlimits, limitsAboveHost } from '#runtime/spec/rlimits.ts';
import { checkSysctl, containerSysctls } from '#runtime/spec/sysctls.ts';

const probe = fakeProbe({
  devices: { '/dev/sda': { type: 'b', major: 8, minor: 0 } },
  others: ['/etc/passwd'],
  sysctls: ['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'],
});

const RESOURCES: [title: string, change: Partial<Resources>, expected: OciResources][] = [
  ['nothing', {}, {}],
  ['memory', { memoryBytes: 1e8 }, { memory: { limit: 1e8 } }],
  ['memory and swap', { memoryBytes: 1e8, memorySwapBytes: 3e8 }, { memory: { limit: 1e8, swap: 3e8 } }],
  ['swap without limit', { memoryBytes: 1e8, memorySwapBytes: -1 }, { memory: { limit: 1e8 } }],
  ['reservation', { memoryReservationBytes: 1e8 }, { memory: { reservation: 1e8 } }],
  ['swappiness of zero', { memorySwappiness: 0 }, { memory: { swappiness: 0 } }],
  ['swappiness as the kernel likes', { memorySwappiness: -1 }, {}],
  ['no OOM killer', { oomKillDisable: true }, { memory: { disableOOMKiller: true } }],
  ['cpus', { nanoCpus: 250_000_000 }, { cpu: { quota: 25_000, period: 100_000 } }],
  ['quota and period', { cpuQuotaUs: 5000, cpuPeriodUs: 20_000 }, { cpu: { quota: 5000, period: 20_000 } }],
  ['no quota', { cpuQuotaUs: -1 }, { cpu: { quota: -1 } }],
  ['shares and sets', { cpuShares: 5, cpusetCpus: '0', cpusetMems: '0' }, { cpu: { shares: 5, cpus: '0', mems: '0' } }],
  [
    'real time',
    { cpuRealtimePeriodUs: 1000, cpuRealtimeRuntimeUs: 500 },
    { cpu: { realtimeRuntime: 500, realtimePeriod: 1000 } },
  ],
  ['processes', { pidsLimit: 7 }, { pids: { limit: 7 } }],
  ['processes without limit', { pidsLimit: -5 }, { pids: { limit: -1 } }],
  [
    'block devices',
    {
      blkioWeight: 300,
      blkioWeightDevice: [{ path: '/dev/sda', weight: 10 }],
      blkioDeviceReadBps: [{ path: '/dev/sda', rate: 1 }],
      blkioDeviceWriteBps: [{ path: '/dev/sda', rate: 2 }],
      blkioDeviceReadIops: [{ path: '/dev/sda', rate: 3 }],
      blkioDeviceWriteIops: [{ path: '/dev/sda', rate: 4 }],
    },
    {
      blockIO: {
        weight: 300,
        weightDevice: [{ major: 8, minor: 0, weight: 10 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 2 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 4 }],
      },
    },
  ],
];

for (const [title, change, expected] of RESOURCES) {
  test(`limits in the specification: ${title}`, () => {
    assert.deepEqual(ociResources({ ...PLAIN_HOST_CONFIG, ...change }, probe), expected);
  });
}

test('memory without a word about swap comes with as much swap', () => {
  const swap = (change: Partial<Resources>): number =>
    withDefaultSwap({ ...PLAIN_HOST_CONFIG, ...change }).memorySwapBytes;
  assert.equal(swap({ memoryBytes: 100 }), 200);
  assert.equal(swap({ memoryBytes: 100, memorySwapBytes: -1 }), -1);
  assert.equal(swap({}), 0);
});

test('a block device that is none is refused', () => {
  const throttle = (path: string) => () =>
    ociResources({ ...PLAIN_HOST_CONFIG, blkioDeviceReadBps: [{ path, rate: 1 }] }, probe);
  assert.throws(throttle('/dev/nope'), { message: 'stat /dev/nope: no such file or directory' });
  assert.throws(throttle('/etc/passwd'), { code: 'invalid-parameter' });
});

const nofile = (soft: number, hard: number): Ulimit => ({ name: 'nofile', soft, hard });

test('the caller’s ulimits go before the daemon’s, the last of a name wins', () => {
  const limits = containerRlimits([nofile(1, 2), nofile(3, 4)], [nofile(9, 9), { name: 'core', soft: 0, hard: 0 }], {});
  assert.deepEqual(limits, [
    { type: 'RLIMIT_NOFILE', soft: 3, hard: 4 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ]);
});

test('no limit at all is written with all 64 bits', () => {
  const text = JSON.stringify(containerRlimits([{ name: 'memlock', soft: -1, hard: -1 }], [], {}));
  assert.equal(text, '[{"type":"RLIMIT_MEMLOCK","soft":18446744073709551615,"hard":18446744073709551615}]');
});

test('no ulimit goes above what the engine itself may have', () => {
  const host = { rlimits: new Map([['nofile', { soft: 100, hard: 1000 }]]) };
  assert.deepEqual(containerRlimits([nofile(5000, -1)], [], host), [{ type: 'RLIMIT_NOFILE', soft: 1000, hard: 1000 }]);
  assert.deepEqual(limitsAboveHost([nofile(5, 1001), nofile(5, 1000)], host), [nofile(5, 1001)]);
  assert.deepEqual(limitsAboveHost([nofile(5, -1)], {}), []);
});

test('ulimits that make no sense are refused', () => {
  assert.throws(() => checkUlimits([{ name: 'nofiles', soft: 1, hard: 1 }]), {
    message: 'invalid ulimit type: nofiles',
  });
  assert.throws(() => checkUlimits([nofile(3, 2)]), {
    message: 'ulimit soft limit must be less than or equal to hard limit: 3 > 2',
  });
  assert.throws(() => checkUlimits([nofile(-1, 2)]), { code: 'invalid-parameter' });
  checkUlimits([nofile(-1, -1), nofile(5, -1), nofile(2, 2)]);
});

function sysctls(change: Record<string, string>, networkMode = 'none', network = 'private'): Record<string, string> {
  const namespaces = { ...fakeInput().namespaces, network };
  const hostConfig = { ...PLAIN_HOST_CONFIG, sysctls: change, networkMode };
  return containerSysctls(fakeInput({ hostConfig, namespaces }), probe);
}

test('in a network of its own a container may ping and use low ports', () => {
  const expected = { 'net.ipv4.ping_group_range': '0 2147483647', 'net.ipv4.ip_unprivileged_port_start': '0' };
  assert.deepEqual(sysctls({}), expected);
  assert.deepEqual(sysctls({}, 'host', 'host'), {});
  assert.deepEqual(sysctls({}, 'container:x', '/proc/7/ns/net'), {});
  assert.equal(sysctls({ 'net.ipv4.ip_unprivileged_port_start': '80' })['net.ipv4.ip_unprivileged_port_start'], '80');
});

test('the domain name is a kernel parameter, but not that of the host', () => {
  const config = { ...PLAIN_CONFIG, domainname: 'example.org' };
  assert.equal(containerSysctls(fakeInput({ config }), probe)['kernel.domainname'], 'example.org');
  const namespaces = { ...fakeInput().namespaces, uts: 'host' };
  assert.equal('kernel.domainname' in containerSysctls(fakeInput({ config, namespaces }), probe), false);
});

const SYSCTLS: [name: string, namespaces: Partial<Record<'network' | 'ipc' | 'uts', string>>, refused?: string][] = [
  ['net.core.somaxconn', {}],
  ['net/ipv4/conf/eth0.1/forwarding', {}],
  ['kernel.shmmax', {}],
  ['fs.mqueue.msg_max', {}],
  ['kernel.domainname', {}],
  ['net.core.somaxconn', { network: 'host' }, 'not allowed in host network namespace'],
  ['kernel.shmmax', { ipc: 'host' }, 'not allowed in host ipc namespace'],
  ['kernel.domainname', { uts: 'host' }, 'not allowed in host uts namespace'],
  ['kernel.hostname', {}, 'conflicts with the OCI "hostname" field'],
  ['kernel.core_pattern', {}, 'is not in a separate kernel namespace'],
  ['vm.swappiness', {}, 'is not in a separate kernel namespace'],
  ['net', {}, 'is not in a separate kernel namespace'],
  ['net.', {}, 'is not in a separate kernel namespace'],
  ['net/../kernel/core_pattern', {}, 'is not in a separate kernel namespace'],
  ['net.ipv4.//../../kernel/core_pattern', {}, 'is not in a separate kernel namespace'],
  ['', {}, 'is not in a separate kernel namespace'],
];

for (const [name, namespaces, refused] of SYSCTLS) {
  const where = Object.entries(namespaces)
    .map((entry) => entry.join(' '))
    .join();
  test(`the parameter ${JSON.stringify(name)} ${where} is ${refused ? 'refused' : 'taken'}`, () => {
    const check = () => checkSysctl(name, { network: 'private', ipc: 'private', uts: 'private', ...namespaces });
    if (refused === undefined) check();
    else
      assert.throws(check, (error: Error) => error.message.includes(refused) && error.message.startsWith('sysctl "'));
  });
}
