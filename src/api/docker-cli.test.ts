// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { notFound } from '#core/errors.ts';
import type { LogOptions } from '#model/client.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { CreateContainer } from './backend.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import {
  CONTAINER_ID,
  EXEC_ID,
  sampleExec,
  sampleImage,
  sampleInfo,
  sampleRecord,
  sampleView,
} from './testing/samples.ts';
import { type RunningApi, startApi } from './testing/start-api.ts';

/** The unmodified docker CLI, where it is installed. */
const DOCKER = [process.env.DOCKER_CLI ?? '', '/usr/local/bin/docker', '/usr/bin/docker'].find((path) =>
  existsSync(path),
);
const options = { skip: DOCKER ? false : 'the docker CLI is not installed' };

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function docker(api: RunningApi, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const settings = {
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', DOCKER_HOST: api.host, ...env },
    timeout: 10_000,
  };
  return new Promise((resolve) => {
    const child = execFile(DOCKER ?? 'docker', args, settings, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** One frame of a multiplexed stream. */
function frame(text: string): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function engine(created: CreateContainer[] = []) {
  const record = sampleRecord();
  const healthy = { status: 'healthy', failingStreak: 0, log: [] } as const;
  const views: ContainerView[] = [
    sampleView({
      state: { status: 'running', pid: 1, startedAt: new Date(Date.now() - 300_500) },
      health: { ...healthy, log: [] },
    }),
    sampleView({
      ...record,
      name: 'old',
      state: { status: 'exited', exitCode: 3, oomKilled: false, error: '', finishedAt: new Date(Date.now() - 3_500) },
    }),
  ];
  return fakeEngine({
    containers: {
      list: async () => views,
      inspect: async (ref) => {
        if (ref === 'nobody') throw notFound('No such container: nobody');
        return sampleView();
      },
      create: async (request) => {
        created.push(request);
        return { id: CONTAINER_ID, warnings: ['mind the gap'] };
      },
      start: async () => {},
      top: async () => ({ titles: ['PID', 'CMD'], processes: [['1', 'sh']] }),
      logs: async (_ref: string, _options: LogOptions) => ({
        tty: false,
        stream: Readable.from([frame('one\n'), frame('two\n')]),
      }),
      attach: async (_ref, { stream }) => void stream.end(frame('attached\n')),
      wait: async () => ({ id: CONTAINER_ID, result: Promise.resolve({ exitCode: 42 }) }),
      handOverWait: async () => false,
      stats: async () => ({ id: CONTAINER_ID, name: 'web', sample: undefined }),
    },
    execs: {
      create: async () => EXEC_ID,
      checkStart: async () => sampleExec(),
      start: async (_id, { client }) => void client?.stream.end(frame('exec output\n')),
      inspect: async () => sampleExec({ state: { status: 'exited', exitCode: 7, pid: 1 } }),
    },
    images: {
      list: async () => [sampleImage()],
      inspect: async () => sampleImage(),
      load: async function* (archive) {
        archive.resume();
        yield { stream: 'Loaded image: hoy/busybox:latest\n' };
      },
    },
    system: {
      info: async () => sampleInfo(),
      events: async function* () {
        const actor = { id: CONTAINER_ID, attributes: { image: 'hoy/busybox', name: 'web' } };
        yield { type: 'container', action: 'start', actor, timeNano: 1_767_225_600_123_456_789n };
      },
      diskUsage: async () => ({ images: [sampleImage()], layersSizeBytes: 1_234_567, containers: views }),
    },
  });
}

const VERSIONS = ['1.24', '1.40', '1.43', ''];

for (const version of VERSIONS) {
  const named = version || 'of its choice';
  test(`the docker CLI lists and inspects with the API version ${named}`, options, async () => {
    await using api = await startApi(engine());
    const env = version === '' ? {} : { DOCKER_API_VERSION: version };
    const ps = await docker(
      api,
      ['ps', '-a', '--format', '{{.Names}}|{{.Status}}|{{.Command}}|{{.Image}}|{{.State}}'],
      env,
    );
    assert.equal(ps.stderr, '');
    assert.deepEqual(ps.stdout.trim().split('\n'), [
      'web|Up 5 minutes (healthy)|"sleep \'1 h\' -v"|hoy/busybox|running',
      'old|Exited (3) 3 seconds ago|"sleep \'1 h\' -v"|hoy/busybox|exited',
    ]);
    const inspect = await docker(
      api,
      ['inspect', '--type', 'container', 'web', '--format', '{{.State.Pid}} {{.Name}} {{.HostConfig.NetworkMode}}'],
      env,
    );
    assert.equal(inspect.stdout, '4242 /web none\n', inspect.stderr);
    const images = await docker(api, ['images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}'], env);
    assert.equal(images.stdout, 'hoy/busybox:latest 1.23MB\n', images.stderr);
  });
}

test('the docker CLI shows version and info without complaints', options, async () => {
  await using api = await startApi(engine());
  const version = await docker(api, ['version']);
  assert.equal(version.code, 0, version.stderr);
  assert.match(
    version.stdout,
    /Server: Hoy\n Engine:\n {2}Version: +0\.1\.0\n {2}API version: +1\.55 \(minimum version 1\.24\)/,
  );
  assert.match(version.stdout, /\n crun:\n {2}Version: +1\.8\.1\n/);
  const info = await docker(api, ['info']);
  assert.equal(info.code, 0, info.stderr);
  assert.match(info.stdout, / Containers: 3\n {2}Running: 1\n {2}Paused: 1\n {2}Stopped: 1\n Images: 2\n/);
  assert.match(info.stdout, / Default Runtime: crun\n/);
  assert.match(info.stdout, / Cgroup Version: 2\n/);
});

test('the docker CLI creates with what was asked, and shows the warnings', options, async () => {
  const created: CreateContainer[] = [];
  await using api = await startApi(engine(created));
  const args = [
    'create',
    '--name',
    'x',
    '-e',
    'A=1',
    '-v',
    '/srv:/data:ro',
    '--tmpfs',
    '/run:size=1m',
    '-m',
    '64m',
    '--restart',
    'on-failure:3',
    '--health-cmd',
    'true',
    '--health-interval',
    '2s',
    '--network',
    'none',
    '--init',
    '-it',
    'hoy/busybox',
    'sh',
    '-c',
    'true',
  ];
  const ran = await docker(api, args);
  assert.equal(ran.stdout, `${CONTAINER_ID}\n`, ran.stderr);
  assert.match(ran.stderr, /WARNING: mind the gap/);
  const [request] = created;
  assert.equal(request?.name, 'x');
  assert.deepEqual(request?.config.cmd, ['sh', '-c', 'true']);
  assert.equal(request?.config.entrypoint, undefined);
  assert.deepEqual([request?.config.tty, request?.config.openStdin, request?.config.stdinOnce], [true, true, true]);
  assert.deepEqual(request?.config.healthcheck, { test: ['CMD-SHELL', 'true'], intervalMs: 2000 });
  assert.equal(request?.hostConfig.memoryBytes, 64 << 20);
  assert.deepEqual(request?.hostConfig.restartPolicy, { name: 'on-failure', maximumRetryCount: 3, onUnhealthy: false });
  assert.equal(request?.hostConfig.init, true);
  assert.deepEqual(
    request?.hostConfig.mounts.map(({ type, target }) => [type, target]),
    [
      ['bind', '/data'],
      ['tmpfs', '/run'],
    ],
  );
});

const COMMANDS: [args: string[], code: number, stdout: RegExp, stderr: RegExp][] = [
  [['run', '--rm', '--network', 'none', 'hoy/busybox', 'true'], 42, /^attached\n$/, /mind the gap/],
  [['logs', 'web'], 0, /^one\ntwo\n$/, /^$/],
  [['top', 'web'], 0, /^PID +CMD\n1 +sh\n$/, /^$/],
  [['exec', 'web', 'x'], 7, /^exec output\n$/, /^$/],
  [['inspect', 'nobody', '--type', 'container'], 1, /\[\]/, /No such container: nobody/],
  [
    ['stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}} {{.MemUsage}}', 'web'],
    0,
    /^web 0\.00% 0B \/ 0B\n$/,
    /^$/,
  ],
  [
    ['events', '--until', '1s', '--format', '{{.Type}} {{.Action}} {{.TimeNano}}'],
    0,
    /^container start 1767225600123456789\n$/,
    /^$/,
  ],
  [
    ['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}}'],
    0,
    /^Images 1 \d\nContainers 2 1\nLocal Volumes 0 0\nBuild Cache 0 0\n$/,
    /^$/,
  ],
  [['network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}'], 0, /^host host local\nnone null local\n$/, /^$/],
  [['volume', 'ls', '-q'], 0, /^$/, /^$/],
  [['load'], 0, /^Loaded image: hoy\/busybox:latest\n$/, /^$/],
  [['pull', 'alpine'], 1, /^(Using default tag: latest\n)?$/, /can't pull from registries/],
  [['node', 'ls'], 1, /^$/, /This node is not a swarm manager/],
  [['cp', 'web:/a', '-'], 1, /^$/, /not supported by this version of Hoy/],
];

for (const [args, code, stdout, stderr] of COMMANDS) {
  test(`docker ${args.join(' ')} ends with ${code}`, options, async () => {
    await using api = await startApi(engine());
    const ran = await docker(api, args);
    assert.match(ran.stdout, stdout, ran.stderr);
    assert.match(ran.stderr, stderr);
    assert.equal(ran.code, code, ran.stderr);
  });
}
