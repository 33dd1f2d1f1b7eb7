// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readCgroupLayout } from '#linux/cgroup.ts';
import type { EngineEvent, Filters } from '#model/event.ts';
import { readHostFacts } from '#runtime/host-facts.ts';
import type { LimitFeature, OciRuntime } from '#runtime/types.ts';
import { featuresOf, featureWarnings, isForwardingIpv4, securityOptions } from '#system/features.ts';
import { describeHost, parseOsRelease } from '#system/host-description.ts';
import { type EventQuery, type SystemDeps, SystemService, type SystemSettings } from '#system/service.ts';
import { storageStatus } from '#system/storage-status.ts';

const ALL_LIMITS: LimitFeature[] = [
  'memory',
  'swap',
  'memory-reservation',
  'memory-swappiness',
  'oom-kill-disable',
  'pids',
  'cpu-shares',
  'cpu-cfs',
  'cpu-realtime',
  'cpuset',
  'blkio-weight',
  'blkio-weight-device',
  'blkio-read-bps',
  'blkio-write-bps',
  'blkio-read-iops',
  'blkio-write-iops',
  'devices',
];

const limited = (cgroupVersion: 1 | 2, without: LimitFeature[] = []) => ({
  cgroupVersion,
  limits: new Set(ALL_LIMITS.filter((feature) => !without.includes(feature))),
});

const warnings = (host: ReturnType<typeof limited>, forwarding = true): string[] =>
  featureWarnings(featuresOf(host, forwarding), host);

test('a host that can limit everything gives no warnings', () => {
  assert.deepEqual(warnings(limited(1)), []);
  assert.deepEqual(warnings(limited(2, ['oom-kill-disable', 'memory-swappiness', 'cpu-realtime'])), []);
});

test('each limit that is missing is warned of in the words that Docker uses', () => {
  const cases: [version: 1 | 2, without: LimitFeature[], warnings: string[]][] = [
    [1, ['swap'], ['WARNING: No swap limit support']],
    [
      1,
      ['memory', 'swap', 'oom-kill-disable'],
      ['WARNING: No memory limit support', 'WARNING: No swap limit support', 'WARNING: No oom kill disable support'],
    ],
    [2, ['oom-kill-disable'], []],
    [1, ['cpu-cfs'], ['WARNING: No cpu cfs quota support', 'WARNING: No cpu cfs period support']],
    [2, ['cpu-shares', 'cpuset'], ['WARNING: No cpu shares support', 'WARNING: No cpuset support']],
    [1, ['blkio-weight'], []],
    [2, ['blkio-weight', 'blkio-write-iops'], ['WARNING: No io.weight support', 'WARNING: No io.max (wiops) support']],
    [1, ['blkio-read-bps'], ['WARNING: No blkio throttle.read_bps_device support']],
  ];
  for (const [version, without, expected] of cases) {
    assert.deepEqual(warnings(limited(version, without)), expected, `v${version} without ${without}`);
  }
  assert.deepEqual(warnings(limited(1), false), ['WARNING: IPv4 forwarding is disabled']);
});

test('forwarding is what the kernel says now', () => {
  const expected = execFileSync('cat', ['/proc/sys/net/ipv4/ip_forward'], { encoding: 'utf8' }).trim() === '1';
  assert.equal(isForwardingIpv4(), expected);
  assert.equal(isForwardingIpv4('/nonexistent'), false);
});

test('security options name what confines containers by default', () => {
  const defaults = { seccompProfile: '', noNewPrivileges: false, cgroupnsMode: '' } as const;
  const host = { apparmor: true, cgroupVersion: 2 } as const;
  assert.deepEqual(securityOptions(host, defaults, true), [
    'name=apparmor',
    'name=seccomp,profile=builtin',
    'name=cgroupns',
  ]);
  assert.deepEqual(securityOptions({ apparmor: false, seccomp: false, cgroupVersion: 1 }, defaults, true), []);
  assert.deepEqual(
    securityOptions(
      { apparmor: false, cgroupVersion: 1 },
      { seccompProfile: '/etc/s.json', noNewPrivileges: true, cgroupnsMode: 'private' },
      true,
    ),
    ['name=seccomp,profile=/etc/s.json', 'name=cgroupns', 'name=no-new-privileges'],
  );
  assert.deepEqual(securityOptions(host, { ...defaults, cgroupnsMode: 'host' }, true), [
    'name=apparmor',
    'name=seccomp,profile=builtin',
  ]);
  assert.ok(!securityOptions(host, defaults, false).includes('name=cgroupns'));
});

test('the host is described as its own tools do', () => {
  const host = describeHost();
  const run = (command: string, ...argv: string[]): string => execFileSync(command, argv, { encoding: 'utf8' }).trim();
  assert.equal(host.kernelVersion, run('uname', '-r'));
  assert.equal(host.machine, run('uname', '-m'));
  assert.equal(host.cpus, Number(run('nproc')));
  assert.equal(host.architecture, { x86_64: 'amd64', aarch64: 'arm64' }[host.machine] ?? host.architecture);
  assert.equal(host.memoryBytes, 1024 * Number(run('awk', '/^MemTotal:/ { print $2 }', '/proc/meminfo')));
  const [name, version] = run('sh', '-c', '. /etc/os-release; echo "$PRETTY_NAME"; echo "$VERSION_ID"').split('\n');
  assert.equal(host.operatingSystem.replace(' (containerized)', ''), name || 'Linux');
  assert.equal(host.osVersion, version ?? '');
});

test('os-release is read as a shell reads it', () => {
  const values = parseOsRelease('# c\nA=plain\nB="two \\"words\\""\nC=\'single "q"\'\nA=last\nBAD\nE=\nF="open\n');
  assert.deepEqual(Object.fromEntries(values), { A: 'last', B: 'two "words"', C: 'single "q"', E: '', F: '"open' });
});

test('a host that tells nothing is described all the same', () => {
  const host = describeHost(() => '');
  assert.deepEqual([host.operatingSystem, host.osVersion, host.memoryBytes], ['Linux', '', 0]);
  const inside = describeHost((path) => (path === '/proc/1/cgroup' ? '1:cpu:/docker/abc\n' : ''));
  assert.equal(inside.operatingSystem, 'Linux (containerized)');
});

test('the file system under the layers is named', () => {
  assert.deepEqual(storageStatus('vfs', '/dev/shm'), [['Backing Filesystem', 'tmpfs']]);
  assert.deepEqual(storageStatus('overlay2', '/proc')[0], ['Backing Filesystem', '<unknown>']);
  assert.equal(storageStatus('overlay2', tmpdir()).length, 4);
});

const crun: OciRuntime = {
  name: 'crun',
  path: '/usr/bin/crun',
  args: ['--debug'],
  version: 'crun version 1.8.1',
  hideUnifiedCgroup: true,
};

const settings: SystemSettings = {
  dataRoot: '/tmp',
  loggingDriver: 'json-file',
  initBinary: '/x/init',
  labels: ['a=b'],
  liveRestore: true,
  debug: false,
  experimental: false,
  seccompProfile: '',
  noNewPrivileges: false,
  cgroupnsMode: '',
  registry: { insecure: [], mirrors: [] },
};

type Asked = { images: unknown[]; containers: unknown[]; events: EventQuery[] };

function makeService(current: () => SystemSettings = () => settings): {
  service: SystemService<string, string>;
  asked: Asked;
} {
  const asked: Asked = { images: [], containers: [], events: [] };
  const deps: SystemDeps<string, string> = {
    id: 'engine-id',
    build: { version: '1.2.3', gitCommit: 'abc', builtAt: '' },
    settings: current,
    host: readHostFacts(readCgroupLayout()),
    runtimes: { working: new Map([['crun', crun]]), default: crun },
    events: {
      events(query): AsyncIterable<EngineEvent> {
        asked.events.push(query);
        return Readable.from([]);
      },
      listenerCount: 3,
    },
    snapshots: { driver: 'overlay2' },
    containers: {
      counts: () => ({ total: 3, running: 1, paused: 1, stopped: 1 }),
      list: async (options) => [asked.containers.push(options), 'c'].map(String).slice(1),
    },
    images: {
      count: () => 7,
      layersSizeBytes: () => 1000,
      list: async (options) => [asked.images.push(options), 'i'].map(String).slice(1),
    },
  };
  return { service: new SystemService(deps), asked };
}

test('info puts together what the parts say', async () => {
  const { service } = makeService();
  const info = await service.info();
  assert.equal(info.id, 'engine-id');
  assert.equal(info.version, '1.2.3');
  assert.deepEqual(info.containers, { total: 3, running: 1, paused: 1, stopped: 1 });
  assert.deepEqual(
    [info.images, info.storageDriver, info.eventListeners, info.loggingDriver],
    [7, 'overlay2', 3, 'json-file'],
  );
  assert.deepEqual(info.runtimes, {
    crun: { path: '/usr/bin/crun', args: ['--debug'], version: 'crun version 1.8.1' },
  });
  assert.deepEqual(info.runtimeVersion, { name: 'crun', version: '1.8.1', commit: '1.8.1' });
  assert.ok(info.fileDescriptors > 3);
  assert.ok(info.features.memoryLimit);
});

test('info shows a setting that was reloaded', async () => {
  let labels = ['old=1'];
  const { service } = makeService(() => ({ ...settings, labels }));
  assert.deepEqual((await service.info()).labels, ['old=1']);
  labels = ['new=1'];
  assert.deepEqual((await service.info()).labels, ['new=1']);
});

test('disk usage looks only at what was asked for', async () => {
  const { service, asked } = makeService();
  const usage = (...types: ('image' | 'container' | 'volume')[]) =>
    service.diskUsage({ types: new Set(types), verbose: true });
  assert.deepEqual(await usage('volume'), { images: [], layersSizeBytes: 0, containers: [] });
  assert.deepEqual(asked, { images: [], containers: [], events: [] });
  assert.deepEqual(await usage('image'), { images: ['i'], layersSizeBytes: 1000, containers: [] });
  assert.deepEqual(await usage('image', 'container'), { images: ['i'], layersSizeBytes: 1000, containers: ['c'] });
  assert.deepEqual(asked.containers, [{ all: true, limit: 0, size: true, filters: new Map() }]);
});

test('events are those of the event log', async () => {
  const { service, asked } = makeService();
  const filters: Filters = new Map([['type', ['image']]]);
  const { signal } = new AbortController();
  for await (const _event of service.events({ filters, signal })) assert.fail();
  assert.deepEqual(asked.events, [{ filters, signal }]);
});
