// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Query } from '#api/query.ts';
import { CREATED, mapping, sampleRecord, sampleView } from '#api/testing/samples.ts';
import { ApiVersion, LATEST } from '#api/version.ts';
import type { ContainerState, Health } from '#model/container.ts';
import { decodeBody } from '#wire/decode.ts';
import { toCreateContainer } from './create-request.ts';
import { toInspect } from './inspect-json.ts';
import { toSummary } from './list-json.ts';
import { statusText, toWireState } from './state-json.ts';
import { toStats } from './stats-json.ts';
import { toResourceChange } from './update-request.ts';

const at = (version: string) => new ApiVersion(version);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const NOW = new Date('2026-03-04T06:06:07.000Z');
const startedAt = new Date('2026-03-04T06:01:00.000Z');
const finishedAt = new Date('2026-03-04T06:06:03.000Z');
const ended = { exitCode: 3, oomKilled: false, error: '', startedAt, finishedAt };
const health = (status: Health['status']): Health => ({ status, failingStreak: 0, log: [] });

const STATUS_TEXTS: [state: ContainerState, text: string, health?: Health][] = [
  [{ status: 'created', error: '', exitCode: 0 }, 'Created'],
  [{ status: 'running', pid: 1, startedAt }, 'Up 5 minutes'],
  [{ status: 'running', pid: 1, startedAt }, 'Up 5 minutes (healthy)', health('healthy')],
  [{ status: 'running', pid: 1, startedAt }, 'Up 5 minutes (unhealthy)', health('unhealthy')],
  [{ status: 'running', pid: 1, startedAt }, 'Up 5 minutes (health: starting)', health('starting')],
  [{ status: 'running', pid: 1, startedAt }, 'Up 5 minutes', health('none')],
  [{ status: 'paused', pid: 1, startedAt }, 'Up 5 minutes (Paused)', health('healthy')],
  [{ status: 'restarting', ...ended }, 'Restarting (3) 4 seconds ago'],
  [{ status: 'exited', ...ended }, 'Exited (3) 4 seconds ago'],
  [{ status: 'removing', ...ended }, 'Removal In Progress'],
  [{ status: 'dead', ...ended }, 'Dead'],
];

for (const [state, text, of] of STATUS_TEXTS) {
  test(`a container that is ${state.status} is listed as "${text}"`, () => {
    assert.equal(statusText({ state, ...(of && { health: of }) }, NOW), text);
  });
}

const BOOLEANS: [state: ContainerState, trueOnes: string[], pid: number][] = [
  [{ status: 'created', error: 'no such file', exitCode: 127 }, [], 0],
  [{ status: 'running', pid: 7, startedAt }, ['Running'], 7],
  [{ status: 'paused', pid: 7, startedAt }, ['Running', 'Paused'], 7],
  [{ status: 'restarting', ...ended }, ['Running', 'Restarting'], 0],
  [{ status: 'exited', ...ended, oomKilled: true }, ['OOMKilled'], 0],
  [{ status: 'removing', ...ended }, [], 0],
  [{ status: 'dead', ...ended }, ['Dead'], 0],
];

for (const [state, trueOnes, pid] of BOOLEANS) {
  test(`the state of one that is ${state.status} has Docker's booleans`, () => {
    const wire = toWireState({ state });
    const isTrue = ['Running', 'Paused', 'Restarting', 'OOMKilled', 'Dead'].filter((name) => Reflect.get(wire, name));
    assert.deepEqual([isTrue, wire.Pid, wire.Status], [trueOnes, pid, state.status]);
  });
}

test('moments that never were are the year 1, and an error before the start is told', () => {
  const created = toWireState({ state: { status: 'created', error: 'no such file', exitCode: 127 } });
  assert.deepEqual(
    [created.StartedAt, created.FinishedAt, created.Error, created.ExitCode],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z', 'no such file', 127],
  );
  const exited = toWireState({ state: { status: 'exited', ...ended } });
  assert.deepEqual([exited.StartedAt, exited.FinishedAt], [startedAt.toISOString(), finishedAt.toISOString()]);
});

test('inspect gives back the HostConfig that create took', () => {
  const given = {
    Binds: ['/a:/b:ro,rslave', '/c:/d'],
    Mounts: [
      { Type: 'bind', Source: '/e', Target: '/f', BindOptions: { CreateMountpoint: true } },
      { Type: 'tmpfs', Target: '/g', ReadOnly: true, TmpfsOptions: { SizeBytes: 4096, Mode: 448 } },
    ],
    Tmpfs: { '/h': 'size=1m' },
    Memory: 1 << 27,
    MemorySwap: -1,
    NanoCpus: 5e8,
    PidsLimit: 50,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 4 },
    LogConfig: { Type: 'local', Config: { 'max-size': '1m' } },
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    CapAdd: ['NET_ADMIN'],
    SecurityOpt: ['no-new-privileges'],
    Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
    Sysctls: { 'net.core.somaxconn': '9' },
    MaskedPaths: [],
    Init: true,
    ShmSize: 1 << 20,
    ExtraHosts: ['a:1.2.3.4'],
    BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 5 }],
  };
  const body = decodeBody<object>('POST /containers/create', { Image: 'a', HostConfig: given });
  const { hostConfig } = toCreateContainer(body, new Query(''), mapping());
  const { HostConfig } = toInspect(sampleView({ hostConfig }), LATEST);
  const back = plain(HostConfig) as Record<string, unknown>;
  for (const [field, value] of Object.entries(given)) assert.deepEqual(back[field], value, field);
  assert.deepEqual([back.ReadonlyPaths, back.CapDrop, back.Dns, back.MemorySwappiness], [null, null, [], null]);
});

test('inspect has every field that clients read', () => {
  const inspect = toInspect({ ...sampleView(), execIds: ['e'], size: { rwBytes: 1, rootFsBytes: 2 } }, LATEST);
  assert.equal(inspect.Name, '/web');
  assert.equal(inspect.Created, CREATED.toISOString());
  assert.deepEqual([inspect.Path, inspect.Args], ['sleep', ['1 h', '-v']]);
  assert.deepEqual([inspect.Platform, inspect.Driver, inspect.GraphDriver?.Name], ['linux', 'overlay2', 'overlay2']);
  assert.deepEqual([inspect.ExecIDs, inspect.SizeRw, inspect.SizeRootFs], [['e'], 1, 2]);
  assert.deepEqual(
    [inspect.ResolvConfPath, inspect.HostnamePath, inspect.HostsPath],
    ['/r/resolv.conf', '/r/hostname', '/r/hosts'],
  );
  assert.deepEqual(Object.keys(inspect.NetworkSettings?.Networks ?? {}), ['none']);
  assert.deepEqual(plain(inspect.Mounts), [
    { Type: 'bind', Source: '/srv', Destination: '/data', Mode: 'ro', RW: false, Propagation: 'rprivate' },
  ]);
  assert.deepEqual(plain(inspect.Config), {
    Hostname: 'c0ffeec0ffee',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: [],
    Cmd: ['sleep', '1 h'],
    Image: 'hoy/busybox',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    Labels: {},
  });
});

/** Whether a field is there, by version. */
const INSPECT_FIELDS: [path: string[], since: string | undefined, until: string | undefined][] = [
  [['NetworkSettings', 'IPAddress'], undefined, '1.52'],
  [['NetworkSettings', 'Bridge'], undefined, '1.52'],
  [['NetworkSettings', 'Networks'], undefined, undefined],
  [['Config', 'OnBuild'], undefined, '1.52'],
  [['HostConfig', 'KernelMemory'], undefined, '1.42'],
  [['ImageManifestDescriptor'], '1.48', undefined],
];

for (const [path, since, until] of INSPECT_FIELDS) {
  test(`inspect has ${path.join('.')} since ${since ?? 'ever'}, until ${until ?? 'today'}`, () => {
    const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:1', sizeBytes: 5 };
    const has = (version: ApiVersion) => {
      const view = sampleView();
      const inspect = toInspect({ ...view, record: { ...view.record, imageManifest: manifest } }, version);
      const owner = path.slice(0, -1).reduce<object>((value, key) => Reflect.get(value, key), inspect);
      return Object.hasOwn(owner, path.at(-1) ?? '');
    };
    for (let minor = 24; minor <= 55; minor++) {
      const version = at(`1.${minor}`);
      const expected = (!since || version.since(since)) && (!until || version.before(until));
      assert.equal(has(version), expected, version.text);
    }
  });
}

test('a row of the listing has Docker’s texts, and by version what came later', () => {
  const view = sampleView({
    hostConfig: { ...sampleRecord().hostConfig, annotations: { a: 'b' } },
    health: health('healthy'),
  });
  const row = toSummary(view, LATEST, NOW);
  assert.deepEqual(
    [row.Names, row.Command, row.State, row.Created],
    [['/web'], "sleep '1 h' -v", 'running', 1772600767],
  );
  assert.deepEqual(row.HostConfig, { NetworkMode: 'none', Annotations: { a: 'b' } });
  assert.deepEqual(row.Health, { Status: 'healthy', FailingStreak: 0 });
  assert.equal(row.SizeRw, undefined);
  const old = toSummary(view, at('1.45'), NOW);
  assert.deepEqual(old.HostConfig, { NetworkMode: 'none' });
  assert.equal(old.Health, undefined);
});

const sample = {
  read: CREATED,
  pids: { current: 3, limit: 100 },
  cpu: {
    totalUsageNs: 100,
    userNs: 60,
    systemNs: 40,
    systemUsageNs: 1000,
    onlineCpus: 2,
    throttling: { periods: 1, throttledPeriods: 2, throttledTimeNs: 3 },
  },
  memory: { usageBytes: 5, limitBytes: 9, stat: { anon: 4 } },
  blkio: { ioServiceBytes: [{ major: 8, minor: 0, op: 'read', value: 7 }], ioServiced: [] },
  networks: {},
  cgroupVersion: 2 as const,
};

test('stats of v2 control groups have the sample before beside the sample', () => {
  const stats = toStats({ id: 'i', name: 'web', sample }, { ...sample, read: startedAt }, LATEST);
  assert.deepEqual([stats.name, stats.os_type, stats.preread], ['/web', 'linux', startedAt.toISOString()]);
  assert.deepEqual(plain(stats.cpu_stats), {
    cpu_usage: { total_usage: 100, usage_in_kernelmode: 40, usage_in_usermode: 60 },
    system_cpu_usage: 1000,
    online_cpus: 2,
    throttling_data: { periods: 1, throttled_periods: 2, throttled_time: 3 },
  });
  assert.deepEqual(plain(stats.memory_stats), { usage: 5, stats: { anon: 4 }, limit: 9 });
  assert.deepEqual(stats.blkio_stats?.io_service_bytes_recursive, [{ major: 8, minor: 0, op: 'read', value: 7 }]);
  assert.equal(stats.blkio_stats?.io_serviced_recursive, null);
});

test('stats of v1 control groups have the processors one by one and lists instead of null', () => {
  const v1 = { ...sample, cgroupVersion: 1 as const, cpu: { ...sample.cpu, perCpuUsageNs: [60, 40] } };
  const stats = toStats({ id: 'i', name: 'web', sample: v1 }, undefined, at('1.40'));
  assert.deepEqual(stats.cpu_stats?.cpu_usage?.percpu_usage, [60, 40]);
  assert.deepEqual(stats.blkio_stats?.io_time_recursive, []);
  assert.deepEqual([stats.os_type, stats.preread], [undefined, '0001-01-01T00:00:00Z']);
});

test('an update changes only what is given', () => {
  assert.deepEqual(toResourceChange({ Memory: 1 << 26, CpuShares: 0 }, mapping()), { memoryBytes: 1 << 26 });
  assert.deepEqual(toResourceChange({ PidsLimit: 0 }, mapping()), { pidsLimit: -1 });
  assert.deepEqual(toResourceChange({ PidsLimit: 5 }, mapping(at('1.39'))), {});
  assert.deepEqual(toResourceChange({ BlkioDeviceReadBps: [] }, mapping()), { blkioDeviceReadBps: [] });
  assert.deepEqual(toResourceChange({ BlkioDeviceReadBps: [] }, mapping(at('1.54'))), {});
  assert.throws(() => toResourceChange({ Devices: [{}] }, mapping()), {
    message: 'Devices can not be updated: recreate the container',
  });
});
