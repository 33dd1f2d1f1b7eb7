// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerConfig, HostConfig, MountRequest, RestartPolicyName } from '#model/container.ts';
import { FAKE_HOST } from '#runtime/spec/fake-probe.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import type { HostFacts, LimitFeature } from '#runtime/types.ts';
import { validateHostConfig } from '#runtime/validate.ts';
import { validateMounts } from '#runtime/validate-mounts.ts';
import { validateResources } from '#runtime/validate-resources.ts';

const policy = (name: string, maximumRetryCount = 0): Pick<HostConfig, 'restartPolicy'> => ({
  restartPolicy: { name: name as RestartPolicyName, maximumRetryCount, onUnhealthy: false },
});

const bind = (change: Partial<Extract<MountRequest, { type: 'bind' }>>): MountRequest => ({
  type: 'bind',
  source: '/etc',
  target: '/x',
  readOnly: false,
  propagation: 'rprivate',
  nonRecursive: false,
  createSource: false,
  readOnlyNonRecursive: false,
  readOnlyForceRecursive: false,
  form: 'mount',
  ...change,
});

const MIB = 1024 ** 2;

/** Docker's own words, which clients match on. */
const REFUSED: [change: Partial<HostConfig>, message: string, config?: Partial<ContainerConfig>][] = [
  [{ memoryBytes: MIB }, 'Minimum memory limit allowed is 6MB'],
  [{ memoryBytes: -1 }, 'Minimum memory limit allowed is 6MB'],
  [
    { memoryBytes: 10 * MIB, memorySwapBytes: 9 * MIB },
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  ],
  [{ memorySwapBytes: 9 * MIB }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [{ memorySwappiness: 101 }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [{ memoryReservationBytes: MIB }, 'Minimum memory reservation allowed is 6MB'],
  [
    { memoryBytes: 10 * MIB, memoryReservationBytes: 20 * MIB },
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [{ nanoCpus: 1e9, cpuPeriodUs: 1000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  [{ nanoCpus: 1e9, cpuQuotaUs: 1000 }, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set'],
  [{ nanoCpus: 5e9 }, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
  [{ nanoCpus: -1 }, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
  [{ cpuPeriodUs: 999 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  [{ cpuQuotaUs: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ cpuShares: -1 }, 'invalid CPU shares (-1): value must be a positive integer'],
  [
    { cpuRealtimePeriodUs: 10, cpuRealtimeRuntimeUs: 11 },
    'cpu real-time runtime cannot be higher than cpu real-time period',
  ],
  [{ cpusetCpus: '0-4' }, 'Requested CPUs are not available - requested 0-4, available: 0-3'],
  [{ cpusetCpus: '3-1' }, 'Invalid value 3-1 for cpuset cpus: invalid format: 3-1'],
  [{ cpusetCpus: 'a' }, 'Invalid value a for cpuset cpus: invalid format: a'],
  [
    { cpusetMems: '0-9223372036854775807' },
    'Invalid value 0-9223372036854775807 for cpuset mems: value of out range, maximum is 8192',
  ],
  [{ cpusetMems: '1' }, 'Requested memory nodes are not available - requested 1, available: 0'],
  [{ blkioWeight: 9 }, 'Range of blkio weight is from 10 to 1000'],
  [{ blkioWeight: 1001 }, 'Range of blkio weight is from 10 to 1000'],
  [{ shmSizeBytes: -1 }, 'SHM size can not be less than 0'],
  [{ oomScoreAdj: 1001 }, 'Invalid value 1001, range for oom score adj is [-1000, 1000]'],
  [{ ipcMode: 'secret' }, 'invalid IPC mode: secret'],
  [{ ipcMode: 'container:' }, 'invalid IPC mode: container:'],
  [{ pidMode: 'private' }, 'invalid PID mode: private'],
  [{ capAdd: ['FLY'] }, 'invalid CapAdd: unknown capability: "CAP_FLY"'],
  [{ capDrop: ['fly'] }, 'invalid CapDrop: unknown capability: "CAP_FLY"'],
  [{ annotations: { '': 'x' } }, 'invalid Annotations: the empty string is not permitted as an annotation key'],
  [{ autoRemove: true, ...policy('always') }, "can't create 'AutoRemove' container with restart policy"],
  [
    policy('sometimes'),
    "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  ],
  [policy('always', 3), "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
  [
    policy('no', -3),
    "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative",
  ],
  [policy('on-failure', -1), 'invalid restart policy: maximum retry count cannot be negative'],
  [{ networkMode: 'container:' }, 'invalid network mode: invalid container format container:<name|id>'],
  [{ networkMode: 'container:x' }, 'conflicting options: hostname and the network mode', { hostname: 'h' }],
  [{ networkMode: 'container:x', dns: ['1.1.1.1'] }, 'conflicting options: dns and the network mode'],
  [
    { networkMode: 'container:x', extraHosts: ['a:1.1.1.1'] },
    'conflicting options: custom host-to-IP mapping and the network mode',
  ],
  [
    { networkMode: 'container:x', publishAllPorts: true },
    'conflicting options: port publishing and the container type network mode',
  ],
  [
    { networkMode: 'container:x' },
    'conflicting options: port exposing and the container type network mode',
    { exposedPorts: ['80/tcp'] },
  ],
  [{ utsMode: 'host' }, 'conflicting options: hostname and the UTS mode', { hostname: 'h' }],
  [{}, `hostname "${'h'.repeat(65)}" is too long (maximum 64 bytes)`, { hostname: 'h'.repeat(65) }],
  [{ securityOpt: ['what'] }, 'invalid --security-opt 1: "what"'],
  [{ deviceCgroupRules: ['c'] }, "invalid device cgroup rule format: 'c'"],
  [{ ulimits: [{ name: 'x', soft: 1, hard: 1 }] }, 'invalid ulimit type: x'],
  [{ sysctls: { 'kernel.panic': '1' } }, 'sysctl "kernel.panic" is not in a separate kernel namespace'],
  [{ networkMode: 'host', sysctls: { 'net.x': '1' } }, 'sysctl "net.x" not allowed in host network namespace'],
  [
    { mounts: [bind({ source: '/nonexistent/hoy' })] },
    'invalid mount config for type "bind": bind source path does not exist: /nonexistent/hoy',
  ],
];

for (const [change, message, config] of REFUSED) {
  test(`create is refused: ${message}`, () => {
    const check = () =>
      validateHostConfig({ ...PLAIN_CONFIG, ...config }, { ...PLAIN_HOST_CONFIG, ...change }, FAKE_HOST);
    assert.throws(check, { code: 'invalid-parameter', message });
  });
}

const ACCEPTED: Partial<HostConfig>[] = [
  {},
  { memoryBytes: 6 * MIB, memorySwapBytes: -1, memorySwappiness: -1 },
  { memoryBytes: 6 * MIB, memorySwapBytes: 6 * MIB, memorySwappiness: 0 },
  { nanoCpus: 4e9 },
  { cpusetCpus: '0,2-3', cpusetMems: '0' },
  { blkioWeight: 10, pidsLimit: -1 },
  { networkMode: 'container:x', ipcMode: 'container:y', pidMode: 'container:z' },
  { networkMode: 'host', pidMode: 'host', ipcMode: 'host', utsMode: 'host', cgroupnsMode: 'host' },
  { capAdd: ['ALL'], capDrop: ['CAP_KILL'] },
  { ...policy('on-failure', 3) },
  { ...policy('') },
  { securityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] },
];

for (const change of ACCEPTED) {
  test(`create is accepted: ${JSON.stringify(change)}`, () => {
    validateHostConfig(PLAIN_CONFIG, { ...PLAIN_HOST_CONFIG, ...change }, FAKE_HOST);
  });
}

const MOUNTS: [mounts: MountRequest[], message: RegExp][] = [
  [[bind({ target: '' })], /^invalid mount config for type "bind": field Target must not be empty$/],
  [[bind({ target: 'x' })], /invalid mount path: 'x' mount path must be absolute$/],
  [[bind({ target: '/x/..' })], /invalid specification: destination can't be '\/'$/],
  [[bind({ target: '/x\0y' })], /NUL/],
  [[bind({ source: '/x\0y', createSource: true })], /NUL/],
  [[bind({ target: '/proc' })], /"\/proc" cannot be mounted because it is not of type proc/],
  [[bind({ target: '/x/../proc/' })], /"\/proc" cannot be mounted because it is not of type proc/],
  [[bind({ target: '/proc/self/attr' })], /"\/proc\/self\/attr" cannot be mounted because it is inside \/proc/],
  [[bind({ source: '' })], /field Source must not be empty$/],
  [[bind({ source: 'rel' })], /invalid mount path: 'rel' mount path must be absolute$/],
  [[bind({}), bind({ target: '/x/' })], /^Duplicate mount point: \/x\/$/],
  [[{ type: 'tmpfs', target: '/', options: [], form: 'mount' }], /type "tmpfs": invalid specification/],
  [[{ type: 'tmpfs', target: '/t', options: ['bad'], form: 'mount' }], /^invalid tmpfs option "bad"$/],
];

for (const [mounts, message] of MOUNTS) {
  test(`mounts are refused: ${message.source}`, () => {
    assert.throws(() => validateMounts(mounts), { code: 'invalid-parameter', message });
  });
}

test('of /proc, itself and the files that lxcfs provides can be mounted', () => {
  validateMounts([
    bind({ source: '/proc', target: '/proc' }),
    bind({ target: '/proc/meminfo' }),
    bind({ target: '/process' }),
  ]);
});

test('a missing source is fine where the engine makes it', () => {
  validateMounts([bind({ source: '/nonexistent/hoy', createSource: true })]);
});

test('an update may set swap alone', () => {
  validateResources({ ...PLAIN_HOST_CONFIG, memorySwapBytes: 10 * MIB }, FAKE_HOST, true);
});

const without = (...missing: LimitFeature[]): HostFacts => {
  const all: LimitFeature[] = ['memory', 'swap', 'cpu-shares', 'cpu-cfs', 'cpu-realtime', 'cpuset', 'blkio-weight'];
  return { ...FAKE_HOST, limits: new Set(all.filter((feature) => !missing.includes(feature))) };
};

test('what the host can’t keep is not judged further, but for what Docker refuses', () => {
  const check = (change: Partial<HostConfig>, ...missing: LimitFeature[]) =>
    validateResources({ ...PLAIN_HOST_CONFIG, ...change }, without(...missing));
  check({ cpusetCpus: '99' }, 'cpuset');
  check({ blkioWeight: 5000 }, 'blkio-weight');
  assert.throws(() => check({ nanoCpus: 1e9 }, 'cpu-cfs'), {
    message: 'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
  });
  assert.throws(() => check({ cpuRealtimeRuntimeUs: 1 }, 'cpu-realtime'), {
    message: 'kernel does not support CPU real-time scheduler',
  });
});
