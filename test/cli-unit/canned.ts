// SPDX-License-Identifier: Apache-2.0
import type { Answer, Routes } from './fake-engine.ts';

/** Answers of an engine with a bit of everything, for what prints them. */

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);
const id = (digit: string): string => digit.repeat(64);
const WEB = id('a1');
export const WEB_ID = WEB.slice(0, 64);
const DB_ID = id('b2').slice(0, 64);
const IMAGE_ID = `sha256:${id('c3').slice(0, 64)}`;
const OTHER_IMAGE_ID = `sha256:${id('d4').slice(0, 64)}`;
const DIGEST = `sha256:${id('e5').slice(0, 64)}`;

const containers = [
  {
    Id: WEB_ID,
    Names: ['/web', '/db/frontend'],
    Image: 'busybox:1.36',
    ImageID: IMAGE_ID,
    ImageManifestDescriptor: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: DIGEST,
      size: 500,
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    },
    Command: "/bin/sh -c 'while true; do echo <hello> & sleep 1; done'",
    Created: now - 75,
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 443, PublicPort: 443, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 444, PublicPort: 444, Type: 'tcp' },
      { PrivatePort: 9000, Type: 'udp' },
      { PrivatePort: 9001, Type: 'udp' },
    ],
    SizeRw: 4530,
    SizeRootFs: 4_530_000,
    Labels: { tier: 'front', 'com.example.some-label': 'a=b' },
    State: 'running',
    Status: 'Up About a minute (healthy)',
    HostConfig: { NetworkMode: 'none' },
    NetworkSettings: { Networks: { none: {} } },
    Mounts: [
      { Type: 'bind', Source: '/srv/a/very/long/path/indeed', Destination: '/data' },
      { Type: 'volume', Name: 'files', Source: '/var/lib/x', Destination: '/f', Driver: 'local' },
    ],
  },
  {
    Id: DB_ID,
    Names: ['/db'],
    Image: OTHER_IMAGE_ID,
    ImageID: OTHER_IMAGE_ID,
    Command: 'übergröße 数据库 --start',
    Created: now - 16 * DAY,
    Ports: [],
    Labels: {},
    State: 'exited',
    Status: 'Exited (137) 2 weeks ago',
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
];

const images = [
  {
    Id: IMAGE_ID,
    RepoTags: ['busybox:1.36', 'docker.io/library/busybox:latest'],
    RepoDigests: [`busybox@${DIGEST}`],
    Created: now - 3 * 365 * DAY,
    Size: 4_261_550,
    SharedSize: 1_000_000,
    Containers: 1,
    Labels: null,
  },
  {
    Id: OTHER_IMAGE_ID,
    RepoTags: [],
    RepoDigests: [],
    Created: now - 40 * DAY,
    Size: 999,
    SharedSize: -1,
    Containers: -1,
    Labels: { a: 'b' },
  },
];

export const containerInspect = {
  Id: WEB_ID,
  Created: '2026-11-20T10:11:12.123456789Z',
  Path: '/bin/sh',
  Args: ['-c', 'sleep 1'],
  State: {
    Status: 'running',
    Running: true,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 4711,
    ExitCode: 0,
    Error: '',
    StartedAt: '2026-11-20T10:11:13Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  },
  Image: IMAGE_ID,
  Name: '/web',
  RestartCount: 2,
  Driver: 'overlay2',
  Platform: 'linux',
  ExecIDs: null,
  HostConfig: {
    Binds: null,
    NetworkMode: 'none',
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
    AutoRemove: false,
    CapAdd: ['NET_ADMIN'],
    Links: null,
    Memory: 67_108_864,
    NanoCpus: 1_500_000_000,
    PidsLimit: null,
    Ulimits: [{ Name: 'nofile', Hard: 2048, Soft: 1024 }],
    MaskedPaths: ['/proc/kcore'],
  },
  GraphDriver: { Data: { UpperDir: '/x' }, Name: 'overlay2' },
  Mounts: [{ Type: 'bind', Source: '/srv', Destination: '/data', Mode: '', RW: true, Propagation: 'rprivate' }],
  Config: {
    Hostname: 'a1a1a1a1a1a1',
    Tty: false,
    Env: ['PATH=/bin', 'HTML=<b>&</b>'],
    Cmd: ['sh'],
    Entrypoint: null,
    Labels: { zeta: '1', alpha: 'two' },
    ExposedPorts: { '80/tcp': {} },
  },
  NetworkSettings: {
    Bridge: '',
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '443/tcp': null,
      '9/udp': [{ HostIp: '127.0.0.1', HostPort: '9' }],
    },
    Networks: { none: { NetworkID: id('f6').slice(0, 64), IPAddress: '', Aliases: null, GwPriority: 0 } },
  },
  SomethingNew: { Answer: 42 },
};

const imageInspect = {
  Id: IMAGE_ID,
  RepoTags: ['busybox:1.36'],
  RepoDigests: [],
  Created: '2023-05-18T22:34:17Z',
  Author: '',
  Config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: null, Entrypoint: null },
  Architecture: 'amd64',
  Os: 'linux',
  Size: 4_261_550,
  GraphDriver: { Data: null, Name: 'overlay2' },
  RootFS: { Type: 'layers', Layers: [DIGEST] },
  Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
};

const history = [
  {
    Id: IMAGE_ID,
    Created: now - 3 * 3600,
    CreatedBy: '/bin/sh -c #(nop)  CMD ["sh"] with\ttabs and more and more',
    Tags: ['busybox:1.36'],
    Size: 0,
    Comment: '',
  },
  { Id: '<missing>', Created: now - 2 * DAY, CreatedBy: 'ADD file', Tags: null, Size: 4_261_550, Comment: 'first' },
  { Id: '<missing>', Created: 0, CreatedBy: 'none', Tags: null, Size: 1, Comment: '' },
];

const events = [
  {
    status: 'start',
    id: WEB_ID,
    from: 'busybox',
    Type: 'container',
    Action: 'start',
    Actor: { ID: WEB_ID, Attributes: { name: 'web', image: 'busybox' } },
    scope: 'local',
    time: 1_790_000_000,
    timeNano: 1_790_000_000_123_456_789n,
  },
  {
    Type: 'image',
    Action: 'tag',
    Actor: { ID: IMAGE_ID, Attributes: {} },
    scope: 'local',
    time: 1_790_000_001,
    timeNano: 1_790_000_001_000_000_001n,
  },
];

/** Nanoseconds are too long for a JavaScript number: they are put in as text. */
const eventLines = events
  .map((event) => JSON.stringify({ ...event, timeNano: 0 }).replace('"timeNano":0', `"timeNano":${event.timeNano}`))
  .join('\n');

const info = {
  ID: 'f0f0',
  Containers: 2,
  ContainersRunning: 1,
  ContainersPaused: 0,
  ContainersStopped: 1,
  Images: 2,
  Driver: 'overlay2',
  DriverStatus: [
    ['Backing Filesystem', 'extfs'],
    ['Supports d_type', 'true'],
  ],
  Plugins: { Volume: ['local'], Network: ['host', 'none'], Authorization: null, Log: ['json-file', 'local', 'none'] },
  MemoryLimit: true,
  SwapLimit: true,
  Debug: true,
  NFd: 30,
  NGoroutines: 40,
  SystemTime: '2026-11-23T06:00:00Z',
  LoggingDriver: 'json-file',
  CgroupDriver: 'cgroupfs',
  CgroupVersion: '2',
  NEventsListener: 1,
  KernelVersion: '6.18',
  OperatingSystem: 'Debian',
  OSVersion: '12',
  OSType: 'linux',
  Architecture: 'x86_64',
  IndexServerAddress: '',
  RegistryConfig: {
    InsecureRegistryCIDRs: ['127.0.0.0/8'],
    IndexConfigs: { 'reg.example': { Name: 'reg.example', Secure: false, Mirrors: [], Official: false } },
    Mirrors: ['https://mirror/'],
  },
  NCPU: 2,
  MemTotal: 25_769_803_776,
  DockerRootDir: '/var/lib/hoy',
  Name: 'host',
  Labels: ['a=b'],
  ExperimentalBuild: false,
  ServerVersion: '0.1.0',
  Runtimes: { crun: { path: 'crun' } },
  DefaultRuntime: 'crun',
  Swarm: { LocalNodeState: 'inactive' },
  LiveRestoreEnabled: true,
  Isolation: '',
  InitBinary: 'hoy-init',
  ContainerdCommit: { ID: '' },
  RuncCommit: { ID: '1.8.1' },
  InitCommit: { ID: '' },
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
  Warnings: ['WARNING: something is off'],
  CDISpecDirs: ['/etc/cdi'],
};

const version = {
  Platform: { Name: 'Hoy' },
  Components: [
    {
      Name: 'Engine',
      Version: '0.1.0',
      Details: {
        ApiVersion: '1.50',
        Arch: 'amd64',
        BuildTime: '2026-01-02T03:04:05.000000000+00:00',
        Experimental: 'false',
        GitCommit: 'abc',
        GoVersion: 'node',
        KernelVersion: '6.18',
        MinAPIVersion: '1.24',
        Os: 'linux',
      },
    },
    { Name: 'crun', Version: '1.8.1', Details: { GitCommit: 'f8a0', Another: 'detail' } },
  ],
  Version: '0.1.0',
  ApiVersion: '1.50',
  MinAPIVersion: '1.24',
  GitCommit: 'abc',
  GoVersion: 'node',
  Os: 'linux',
  Arch: 'amd64',
  BuildTime: '2026-01-02T03:04:05Z',
};

const stats = {
  id: WEB_ID,
  name: '/web',
  os_type: 'linux',
  pids_stats: { current: 3 },
  cpu_stats: { cpu_usage: { total_usage: 300_000_000 }, system_cpu_usage: 12_000_000_000, online_cpus: 2 },
  precpu_stats: { cpu_usage: { total_usage: 100_000_000 }, system_cpu_usage: 10_000_000_000, online_cpus: 2 },
  memory_stats: { usage: 50_000_000, limit: 1_073_741_824, stats: { inactive_file: 1_000_000 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'Read', value: 4096 },
      { major: 8, minor: 0, op: 'write', value: 123_456 },
    ],
  },
  networks: { eth0: { rx_bytes: 1234, tx_bytes: 5_678_901 } },
};

const diskUsage = {
  LayersSize: 5_000_000,
  Images: images,
  Containers: containers,
  Volumes: [
    {
      Name: 'files',
      Driver: 'local',
      Mountpoint: '/x',
      Scope: 'local',
      Labels: null,
      Options: null,
      UsageData: { Size: 2_000_000, RefCount: 0 },
    },
    {
      Name: 'used',
      Driver: 'local',
      Mountpoint: '/y',
      Scope: 'local',
      Labels: null,
      Options: null,
      UsageData: { Size: 1000, RefCount: 1 },
    },
  ],
  BuildCache: [],
};

const missing = (message: string): Answer => ({ status: 404, body: { message } });

export const cannedRoutes: Routes = {
  'GET /containers/json': { body: containers },
  'GET /containers/web/json': { body: containerInspect },
  [`GET /containers/${WEB_ID}/json`]: { body: containerInspect },
  'GET /containers/nobody/json': missing('No such container: nobody'),
  'GET /images/nobody/json': missing('No such image: nobody:latest'),
  'GET /containers/busybox:1.36/json': missing('No such container: busybox:1.36'),
  'GET /images/busybox:1.36/json': { body: imageInspect },
  'GET /networks/nobody': missing('network nobody not found'),
  'GET /volumes/nobody': missing('get nobody: no such volume'),
  'GET /plugins/nobody/json': missing('plugin "nobody" not found'),
  'GET /images/json': { body: images },
  'GET /images/busybox/history': { body: history },
  'GET /events': { body: eventLines },
  'GET /info': { body: info },
  'GET /version': { body: version },
  'GET /system/df': { body: diskUsage },
  'GET /containers/web/stats': { body: stats },
  'GET /containers/nobody/stats': missing('No such container: nobody'),
  'GET /containers/web/top': {
    body: {
      Titles: ['UID', 'PID', 'CMD'],
      Processes: [
        ['root', '4711', 'sh -c sleep 1'],
        ['a-user-with-a-long-name', '4712', 'sleep 1'],
      ],
    },
  },
  'GET /containers/web/changes': {
    body: [
      { Path: '/etc', Kind: 0 },
      { Path: '/etc/new', Kind: 1 },
      { Path: '/bin/x', Kind: 2 },
    ],
  },
  'DELETE /images/busybox': { body: [{ Untagged: 'busybox:1.36' }, { Deleted: IMAGE_ID }] },
  'DELETE /images/nobody': missing('No such image: nobody:latest'),
  'DELETE /containers/web': { status: 204 },
  'DELETE /containers/nobody': missing('No such container: nobody'),
  'POST /containers/web/stop': { status: 204 },
  'POST /containers/nobody/stop': missing('No such container: nobody'),
  'POST /containers/web/kill': { status: 204 },
  'POST /containers/web/restart': { status: 204 },
  'POST /containers/web/pause': { status: 204 },
  'POST /containers/web/unpause': { status: 304 },
  'POST /containers/web/start': { status: 204 },
  'POST /containers/nobody/start': missing('No such container: nobody'),
  'POST /containers/web/rename': { status: 204 },
  'POST /containers/nobody/rename': missing('No such container: nobody'),
  'POST /containers/web/update': { body: { Warnings: ['careful'] } },
  'POST /containers/web/wait': { body: { StatusCode: 7 } },
  'POST /containers/nobody/wait': missing('No such container: nobody'),
  'POST /containers/prune': { body: { ContainersDeleted: [DB_ID], SpaceReclaimed: 1_234_567 } },
  'POST /images/prune': { body: { ImagesDeleted: [{ Untagged: 'a:b' }, { Deleted: IMAGE_ID }], SpaceReclaimed: 42 } },
  'POST /networks/prune': { body: { NetworksDeleted: null } },
  'POST /build/prune': { body: { CachesDeleted: null, SpaceReclaimed: 0 } },
  'POST /images/busybox/tag': { status: 201 },
};
