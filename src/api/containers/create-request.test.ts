// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Query } from '#api/query.ts';
import { mapping } from '#api/testing/samples.ts';
import { ApiVersion, LATEST } from '#api/version.ts';
import { decodeBody } from '#wire/decode.ts';
import { type CreateBody, toCreateContainer } from './create-request.ts';

function create(body: object, { version = '1.55', query = '' } = {}) {
  const context = mapping(version === '1.55' ? LATEST : new ApiVersion(version));
  const decoded = decodeBody<CreateBody>('POST /containers/create', { Image: 'a', ...body });
  const request = toCreateContainer(decoded, new Query(query), context);
  return { ...request, warnings: context.warnings };
}

const host = (hostConfig: object, version?: string) =>
  create({ HostConfig: hostConfig }, version === undefined ? {} : { version }).hostConfig;

test('what is not given has the engine’s defaults', () => {
  const { config, hostConfig, name, networks, platform } = create({});
  assert.deepEqual({ name, networks, platform }, { name: '', networks: {}, platform: undefined });
  assert.equal(config.cmd, undefined);
  assert.equal(config.entrypoint, undefined);
  assert.equal(hostConfig.networkMode, 'default');
  assert.deepEqual(hostConfig.restartPolicy, { name: 'no', maximumRetryCount: 0, onUnhealthy: false });
  assert.deepEqual(hostConfig.logConfig, { driver: 'json-file', options: {} });
  assert.equal(hostConfig.maskedPaths, undefined);
  assert.equal(hostConfig.init, undefined);
});

test('an empty command and cleared lists are kept apart from absent ones', () => {
  const { config, hostConfig } = create({
    Cmd: [],
    Entrypoint: [],
    HostConfig: { MaskedPaths: [], ReadonlyPaths: [] },
  });
  assert.deepEqual([config.cmd, config.entrypoint], [[], []]);
  assert.deepEqual([hostConfig.maskedPaths, hostConfig.readonlyPaths], [[], []]);
});

test('name and platform come from the query', () => {
  const { name, platform } = create({}, { query: 'name=/web&platform=linux/arm64/v8' });
  assert.equal(name, 'web');
  assert.deepEqual(platform, { os: 'linux', architecture: 'arm64' });
  assert.equal(create({}, { query: 'platform=linux/arm64', version: '1.40' }).platform, undefined);
});

const BINDS: [bind: string, expected: object][] = [
  ['/a:/b', { source: '/a', target: '/b', readOnly: false, propagation: 'rprivate', createSource: true }],
  ['/a/../c/:/b/', { source: '/c', target: '/b' }],
  ['/a:/b:ro', { readOnly: true }],
  ['/a:/b:rw,z,rshared', { readOnly: false, propagation: 'rshared' }],
  ['/a:/b:ro,cached', { readOnly: true }],
];

for (const [bind, expected] of BINDS) {
  test(`the bind ${bind} is understood`, () => {
    const [mount] = host({ Binds: [bind] }).mounts;
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(Reflect.get(mount ?? {}, key), value, key);
  });
}

test('the target of a bind may be named among the volumes too, as docker-py does', () => {
  const { config } = create({ Volumes: { '/b': {} }, HostConfig: { Binds: ['/a:/b'] } });
  assert.deepEqual(config.volumes, ['/b']);
});

test('read-only binds of clients before 1.44 are not recursive', () => {
  const readOnly = (version: string) =>
    Reflect.get(host({ Binds: ['/a:/b:ro'] }, version).mounts[0] ?? {}, 'readOnlyNonRecursive');
  assert.deepEqual([readOnly('1.43'), readOnly('1.44')], [true, false]);
});

test('mounts of type bind and tmpfs keep their options', () => {
  const { mounts } = host({
    Mounts: [
      {
        Type: 'bind',
        Source: '/a',
        Target: '/b',
        ReadOnly: true,
        BindOptions: { Propagation: 'slave', CreateMountpoint: true },
      },
      { Type: 'tmpfs', Target: '/c', TmpfsOptions: { SizeBytes: 4096, Mode: 0o700, Options: [['noexec']] } },
    ],
    Tmpfs: { '/d': 'size=1m,ro' },
  });
  assert.deepEqual(mounts, [
    {
      type: 'bind',
      source: '/a',
      target: '/b',
      readOnly: true,
      propagation: 'slave',
      nonRecursive: false,
      createSource: true,
      readOnlyNonRecursive: false,
      readOnlyForceRecursive: false,
      form: 'mount',
    },
    { type: 'tmpfs', target: '/c', options: ['noexec'], form: 'mount', sizeBytes: 4096, mode: 0o700 },
    { type: 'tmpfs', target: '/d', options: ['size=1m', 'ro'], form: 'tmpfs-map' },
  ]);
});

test('the engine’s default log options hold for the same driver only', () => {
  const context = { ...mapping(), defaultLog: { driver: 'json-file', options: { 'max-size': '1m' } } as const };
  const logOf = (wire: object) =>
    toCreateContainer({ Image: 'a', HostConfig: { LogConfig: wire } } as CreateBody, new Query(''), context).hostConfig
      .logConfig;
  assert.deepEqual(logOf({}), { driver: 'json-file', options: { 'max-size': '1m' } });
  assert.deepEqual(logOf({ Type: 'json-file', Config: { 'max-file': '2' } }).options, {
    'max-size': '1m',
    'max-file': '2',
  });
  assert.deepEqual(logOf({ Type: 'local' }), { driver: 'local', options: {} });
});

test('durations of a health check become milliseconds, and 0 the default', () => {
  const check = { Test: ['CMD', 'true'], Interval: 1_500_000_000, Timeout: 0, Retries: 2, StartInterval: 2_000_000 };
  assert.deepEqual(create({ Healthcheck: check }).config.healthcheck, {
    test: ['CMD', 'true'],
    intervalMs: 1500,
    retries: 2,
    startIntervalMs: 2,
  });
  assert.equal(create({ Healthcheck: check }, { version: '1.43' }).config.healthcheck?.startIntervalMs, undefined);
});

test('a label lets the restart policy answer a failing health check', () => {
  const body = { Labels: { 'hoy.restart.unhealthy': 'true' }, HostConfig: { RestartPolicy: { Name: 'always' } } };
  assert.equal(create(body).hostConfig.restartPolicy.onUnhealthy, true);
});

test('a port without bindings gets one that leaves the choice open', () => {
  const { portBindings } = host({ PortBindings: { '80': null, '53/udp': [{ HostIp: '::1', HostPort: '5353-5354' }] } });
  assert.deepEqual(portBindings, {
    '80/tcp': [{ hostIp: '', hostPort: '' }],
    '53/udp': [{ hostIp: '::1', hostPort: '5353-5354' }],
  });
});

test('what older versions did not have is ignored for them', () => {
  const old = host({ Annotations: { a: 'b' }, ConsoleSize: [1, 2] }, '1.41');
  assert.deepEqual([old.annotations, old.consoleSize], [{}, [0, 0]]);
  const now = host({ Annotations: { a: 'b' }, ConsoleSize: [1, 2] });
  assert.deepEqual([now.annotations, now.consoleSize], [{ a: 'b' }, [1, 2]]);
  assert.equal(host({}, '1.39').ipcMode, 'shareable');
  assert.equal(host({}).ipcMode, '');
});

test('limits that mean "none" become none', () => {
  assert.equal(host({ PidsLimit: -1 }).pidsLimit, 0);
  assert.equal(host({ MemorySwappiness: -1 }).memorySwappiness, undefined);
  assert.equal(host({ MemorySwappiness: 0 }).memorySwappiness, 0);
});

test('what can’t be honoured is warned about', () => {
  const { warnings } = create(
    { MacAddress: '02:00:00:00:00:01', HostConfig: { CpuPercent: 5, VolumeDriver: 'nfs' } },
    { version: '1.48' },
  );
  assert.equal(warnings.length, 3);
  assert.match(warnings.join('\n'), /MacAddress field is now deprecated[\s\S]*|Percent discarded/);
  assert.deepEqual(create({ HostConfig: { KernelMemory: 1 } }, { version: '1.41' }).warnings.length, 1);
  assert.deepEqual(create({ HostConfig: { KernelMemory: 1 } }).warnings, []);
});

const cpus = availableParallelism();

/** Body, code and Docker's words for it. */
const REFUSED: [body: object, message: string | RegExp, code?: string][] = [
  [{ WorkingDir: 'a' }, "the working directory 'a' is invalid, it needs to be an absolute path"],
  [{ Hostname: 'h'.repeat(65) }, /^hostname "h+" is too long \(maximum 64 bytes\)$/],
  [{ Env: ['=x'] }, 'invalid environment variable: =x'],
  [{ StopSignal: 'SIGNOPE' }, 'invalid signal: SIGNOPE'],
  [{ StopSignal: '99' }, 'invalid signal: 99'],
  [{ MacAddress: 'x' }, 'container-wide MAC address no longer supported; use endpoint-specific MAC address instead'],
  [{ ExposedPorts: { 'x/tcp': {} } }, 'invalid port specification: "x/tcp"'],
  [{ ExposedPorts: { '0/tcp': {} } }, 'invalid port specification: "0/tcp"'],
  [{ Volumes: { '/data': {} } }, /volumes are not supported by this version of Hoy/, 'not-implemented'],
  [{ Healthcheck: { Interval: 5 } }, 'Interval in Healthcheck cannot be less than 1ms'],
  [{ Healthcheck: { Retries: -1 } }, 'Retries in Healthcheck cannot be negative'],
  [{ Healthcheck: { Test: ['true'] } }, 'unknown health check type "true": use NONE, CMD, CMD-SHELL'],
  [{ HostConfig: { Binds: ['a:/b'] } }, /volumes are not supported/, 'not-implemented'],
  [{ HostConfig: { Binds: ['/b'] } }, /volumes are not supported/, 'not-implemented'],
  [{ HostConfig: { Binds: ['/a:/b:/c:d'] } }, "invalid volume specification: '/a:/b:/c:d'"],
  [{ HostConfig: { Binds: ['/a:ro'] } }, "invalid volume specification: '/a:ro'"],
  [{ HostConfig: { Binds: [':/b'] } }, "invalid volume specification: ':/b'"],
  [{ HostConfig: { Binds: ['/a:/b:ro,rw'] } }, 'invalid mode: ro,rw'],
  [{ HostConfig: { Binds: ['/a:/b:x'] } }, 'invalid mode: x'],
  [
    { HostConfig: { Binds: ['/a:/x/..'] } },
    /invalid mount config for type "bind": invalid specification: destination can't be '\/'$/,
  ],
  [{ HostConfig: { Binds: ['/a:b'] } }, /invalid mount path: 'b' mount path must be absolute$/],
  [
    { HostConfig: { Mounts: [{ Type: 'bind', Target: '/a' }] } },
    'invalid mount config for type "bind": field Source must not be empty',
  ],
  [
    { HostConfig: { Mounts: [{ Type: 'bind', Source: '/a' }] } },
    'invalid mount config for type "bind": field Target must not be empty',
  ],
  [
    { HostConfig: { Mounts: [{ Type: 'tmpfs', Source: '/a', Target: '/b' }] } },
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    { HostConfig: { Mounts: [{ Type: 'npipe', Target: '/b' }] } },
    'invalid mount config for type "npipe": mount type unknown',
  ],
  [
    { HostConfig: { Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', TmpfsOptions: {} }] } },
    'TmpfsOptions must not be specified on mount type "bind"',
  ],
  [
    { HostConfig: { Mounts: [{ Type: 'volume', Source: 'v', Target: '/b' }] } },
    /volumes are not supported/,
    'not-implemented',
  ],
  [{ HostConfig: { Tmpfs: { '/': '' } } }, "invalid specification: destination can't be '/'"],
  [{ HostConfig: { LogConfig: { Type: 'syslog' } } }, "logger: no log driver named 'syslog' is registered"],
  [
    { HostConfig: { RestartPolicy: { Name: 'sometimes' } } },
    "invalid restart policy: unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
  ],
  [
    { HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 1 } } },
    "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  ],
  [
    { HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } } },
    'invalid restart policy: maximum retry count cannot be negative',
  ],
  [
    { HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } },
    "can't create 'AutoRemove' container with restart policy",
  ],
  [{ HostConfig: { Memory: 100 } }, 'Minimum memory limit allowed is 6MB'],
  [
    { HostConfig: { MemorySwap: 1 << 26 } },
    'You should always set the Memory limit when using Memoryswap limit, see usage',
  ],
  [
    { HostConfig: { Memory: 1 << 27, MemorySwap: 1 << 26 } },
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  ],
  [
    { HostConfig: { Memory: 1 << 26, MemoryReservation: 1 << 27 } },
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  [{ HostConfig: { MemorySwappiness: 101 } }, 'Invalid value: 101, valid memory swappiness range is 0-100'],
  [
    { HostConfig: { NanoCpus: (cpus + 1) * 1e9 } },
    `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
  ],
  [
    { HostConfig: { NanoCpus: 1, CpuPeriod: 1000 } },
    'Conflicting options: Nano CPUs and CPU Period cannot both be set',
  ],
  [
    { HostConfig: { CpuPeriod: 999 } },
    'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  ],
  [{ HostConfig: { CpuShares: -1 } }, 'invalid CPU shares (-1): value must be a positive integer'],
  [{ HostConfig: { BlkioWeight: 5 } }, 'Range of blkio weight is from 10 to 1000'],
  [{ HostConfig: { OomScoreAdj: 1001 } }, 'Invalid value 1001, range for oom score adj is [-1000, 1000]'],
  [{ HostConfig: { ShmSize: -1 } }, 'SHM size can not be less than 0'],
  [{ HostConfig: { IpcMode: 'x' } }, 'invalid IPC mode: x'],
  [{ HostConfig: { PidMode: 'container:' } }, 'invalid PID mode: container:'],
  [{ HostConfig: { UTSMode: 'x' } }, 'invalid UTS mode: x'],
  [{ HostConfig: { CgroupnsMode: 'x' } }, 'invalid cgroup namespace mode: x'],
  [{ HostConfig: { NetworkMode: 'container:' } }, 'invalid network mode: invalid container format container:<name|id>'],
  [{ HostConfig: { NetworkMode: 'backend' } }, 'network backend not found', 'not-found'],
  [{ NetworkingConfig: { EndpointsConfig: { backend: {} } } }, 'network backend not found', 'not-found'],
  [{ Hostname: 'h', HostConfig: { NetworkMode: 'container:a' } }, 'conflicting options: hostname and the network mode'],
  [{ HostConfig: { NetworkMode: 'container:a', Dns: ['1.1.1.1'] } }, 'conflicting options: dns and the network mode'],
  [{ Hostname: 'h', HostConfig: { UTSMode: 'host' } }, 'conflicting options: hostname and the UTS mode'],
  [{ HostConfig: { Dns: ['x'] } }, 'invalid JSON: ParseAddr("x"): unable to parse IP'],
  [{ HostConfig: { DnsSearch: ['a\nnameserver 6.6.6.6'] } }, /^invalid DNS setting/],
  [{ HostConfig: { ExtraHosts: ['x'] } }, 'bad format for add-host: "x"'],
  [{ HostConfig: { ExtraHosts: ['x:y'] } }, 'invalid IP address in add-host: "y"'],
  [{ HostConfig: { CapAdd: ['SYS_NOPE'] } }, 'invalid CapAdd: unknown capability: "CAP_SYS_NOPE"'],
  [{ HostConfig: { CapDrop: ['x'] } }, 'invalid CapDrop: unknown capability: "CAP_X"'],
  [{ HostConfig: { SecurityOpt: ['x'] } }, 'invalid --security-opt 1: "x"'],
  [{ HostConfig: { SecurityOpt: ['x=y'] } }, 'invalid --security-opt 2: "x=y"'],
  [{ HostConfig: { SecurityOpt: ['no-new-privileges=maybe'] } }, 'invalid --security-opt 2: "no-new-privileges=maybe"'],
  [{ HostConfig: { DeviceCgroupRules: ['x'] } }, "invalid device cgroup rule format: 'x'"],
  [{ HostConfig: { Devices: [{ PathOnHost: '/dev/x', CgroupPermissions: 'q' }] } }, 'invalid device mode: q'],
  [{ HostConfig: { Ulimits: [{ Name: 'x', Soft: 1, Hard: 1 }] } }, 'invalid ulimit type: x'],
  [
    { HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 2, Hard: 1 }] } },
    'ulimit soft limit must be less than or equal to hard limit: 2 > 1',
  ],
  [
    { HostConfig: { DeviceRequests: [{ Driver: 'nvidia', Capabilities: [['gpu']] }] } },
    'could not select device driver "nvidia" with capabilities: [[gpu]]',
  ],
  [{ HostConfig: { Isolation: 'hyperv' } }, "invalid isolation (hyperv): linux only supports 'default'"],
  [{ HostConfig: { VolumesFrom: ['a'] } }, /volumes of other containers are not supported/, 'not-implemented'],
  [{ HostConfig: { Links: ['a:b'] } }, /links are not supported/, 'not-implemented'],
  [
    { HostConfig: { Annotations: { '': 'a' } } },
    'invalid Annotations: the empty string is not permitted as an annotation key',
  ],
  [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '9-8' }] } } }, 'invalid port specification: "9-8"'],
  [
    { HostConfig: { PortBindings: { '80/tcp': [{ HostIp: 'x' }] } } },
    'invalid JSON: ParseAddr("x"): unable to parse IP',
  ],
];

for (const [body, message, code = 'invalid-parameter'] of REFUSED) {
  test(`create refuses ${JSON.stringify(body).slice(0, 90)}`, () => {
    assert.throws(() => create(body), { code, message });
  });
}
