// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FakeEngine, startFakeEngine } from './fake-engine.ts';
import { Recording } from './recorded.ts';
import { type BundledCli, bundleCli, docker } from './run-cli.ts';

/** Flags of `create` whose request must be the one that Docker's own client makes. */
const FLAGS: readonly string[][] = [
  [],
  ['-it'],
  ['-i', '-a', 'stdin', '-a', 'STDOUT'],
  ['--name', 'web', '-h', 'host', '--domainname', 'example', '-u', '1:2', '-w', '/w'],
  [
    '-e',
    'A=1',
    '-e',
    'FROM_HERE',
    '-e',
    'NOT_HERE',
    '--env-file',
    'env',
    '-l',
    'a=b',
    '-l',
    'c',
    '--label-file',
    'labels',
  ],
  ['--entrypoint', 'sh'],
  ['--entrypoint', ''],
  ['-v', '/a:/b:ro', '-v', '/anonymous', '-v', 'named:/c', '-v', './relative:/d'],
  ['--mount', 'type=bind,src=/a,dst=/b,readonly,bind-propagation=rslave'],
  [
    '--mount',
    'type=volume,src=v,dst=/v,volume-nocopy,volume-label=a=b,volume-driver=local,volume-opt=type=nfs,volume-subpath=x',
  ],
  ['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1777', '--tmpfs', '/run:size=64m', '--tmpfs', '/x'],
  ['--mount', 'type=bind,"src=/with,comma",dst=/b,bind-recursive=disabled'],
  ['-p', '80', '-p', '127.0.0.1:8080:80/tcp', '-p', '[::1]:1000-1001:1000-1001/udp', '-p', '9000-9005:90'],
  ['-p', 'published=1,target=2,protocol=udp', '--expose', '5-7', '--expose', '53/udp', '-P'],
  ['--network', 'none'],
  ['--network', 'name=mine,alias=a,ip=10.0.0.2,driver-opt=k=v,gw-priority=3', '--link', 'x:y'],
  ['--net', 'mine', '--network-alias', 'a', '--ip', '10.0.0.1', '--ip6', '::2', '--mac-address', '92:d0:c6:0a:29:33'],
  [
    '--add-host',
    'a:1.2.3.4',
    '--add-host',
    'b=::1',
    '--add-host',
    'c:host-gateway',
    '--dns',
    '8.8.8.8',
    '--dns-search',
    'example.com',
    '--dns-option',
    'ndots:1',
  ],
  [
    '--health-cmd',
    'true',
    '--health-interval',
    '1m30s',
    '--health-retries',
    '3',
    '--health-timeout',
    '500ms',
    '--health-start-period',
    '1s',
    '--health-start-interval',
    '0.5s',
  ],
  ['--no-healthcheck'],
  ['--restart', 'on-failure:3'],
  ['--restart', 'unless-stopped'],
  ['--rm', '--init'],
  ['--init=false'],
  [
    '-m',
    '512m',
    '--memory-swap',
    '-1',
    '--memory-reservation',
    '1.5g',
    '--memory-swappiness',
    '10',
    '--oom-kill-disable',
    '--oom-score-adj',
    '-500',
  ],
  [
    '--cpus',
    '1.5',
    '-c',
    '512',
    '--cpu-period',
    '1000',
    '--cpu-quota',
    '-1',
    '--cpuset-cpus',
    '0-1',
    '--cpuset-mems',
    '0',
    '--cpu-rt-period',
    '5',
    '--cpu-rt-runtime',
    '6',
  ],
  ['--pids-limit', '-1', '--ulimit', 'nofile=1024:2048', '--ulimit', 'core=0', '--ulimit', 'nofile=5'],
  [
    '--blkio-weight',
    '100',
    '--blkio-weight-device',
    '/dev/sda:200',
    '--device-read-bps',
    '/dev/sda:1mb',
    '--device-write-bps',
    '/dev/sda:2',
    '--device-read-iops',
    '/dev/sda:3',
    '--device-write-iops',
    '/dev/sda:4',
  ],
  [
    '--device',
    '/dev/null',
    '--device',
    '/dev/zero:/dev/x:r',
    '--device',
    '/dev/full:rw',
    '--device-cgroup-rule',
    'c 1:3 rwm',
  ],
  ['--device', 'vendor.com/class=gpu0'],
  [
    '--cap-add',
    'ALL',
    '--cap-drop',
    'NET_RAW',
    '--privileged',
    '--read-only',
    '--group-add',
    'audio',
    '--group-add',
    '5',
  ],
  [
    '--security-opt',
    'no-new-privileges',
    '--security-opt',
    'seccomp=profile.json',
    '--security-opt',
    'apparmor:x',
    '--security-opt',
    'seccomp=unconfined',
  ],
  ['--security-opt', 'systempaths=unconfined'],
  [
    '--pid',
    'host',
    '--uts',
    'host',
    '--ipc',
    'shareable',
    '--userns',
    'host',
    '--cgroupns',
    'private',
    '--cgroup-parent',
    '/x',
    '--runtime',
    'crun',
  ],
  ['--pid', 'container:abc', '--isolation', 'default'],
  ['--sysctl', 'net.ipv4.ip_forward=1', '--annotation', 'a=b', '--storage-opt', 'size=1G', '--shm-size', '128m'],
  ['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=3'],
  ['--stop-signal', 'SIGUSR1', '--stop-timeout', '0'],
  ['--volumes-from', 'a:ro', '--volume-driver', 'local'],
  ['--platform', 'linux/arm64/v8'],
];

/** Requests that are no `create`. */
const OTHERS: readonly string[][] = [
  ['update', '-m', '1g', '--cpus', '2', '--restart', 'always', '--pids-limit', '5', '--blkio-weight', '20', 'web'],
  ['exec', '-d', '-e', 'A=b', '-u', 'root', '-w', '/', '--privileged', 'web', 'sh', '-c', 'echo --x'],
  ['ps', '-a', '-f', 'status=exited', '-f', 'label=a=b', '-f', 'label=c', '-s', '-n', '2'],
  ['images', '-a', '-f', 'dangling=true', 'busy*'],
  ['stop', '-s', 'INT', '-t', '-1', 'web'],
  ['restart', 'web'],
  ['kill', 'web'],
  ['rm', '-fvl', 'web'],
  ['rmi', '-f', '--no-prune', 'reg:5000/a/b:c'],
  ['image', 'prune', '-af', '--filter', 'until=24h'],
  ['tag', 'a', 'reg:5000/b:c'],
  ['logs', '--tail', '5', '-t', '--details', '--since', '1700000000', '--until', '2026-01-02T03:04:05.5Z', 'web'],
  ['events', '--since', '1700000000', '-f', 'type=container'],
  ['top', 'web', '-o', 'pid,args'],
  ['import', '-c', 'CMD a', '-c', 'ENV b=c', '-m', 'message', 'http://example/x.tar', 'name:tag'],
  ['save', 'a', 'b:c'],
  ['rename', 'web', 'other'],
];

const recording = new Recording('requests');
let engine: FakeEngine;
let cli: BundledCli;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoy-create-'));
  writeFileSync(join(folder, 'env'), '\uFEFF# comment\nB=2 # kept\n\n  C=3\nFROM_HERE\nNOT_HERE\n');
  writeFileSync(join(folder, 'labels'), 'x=y\nz\n');
  writeFileSync(join(folder, 'profile.json'), '{ "defaultAction":\n "SCMP_ACT_ALLOW" }');
  const inspect = { body: { Id: 'web', State: { Running: true }, Config: { Tty: true }, HostConfig: {} } };
  engine = await startFakeEngine({
    'POST /containers/create': { status: 201, body: { Id: 'c0ffee', Warnings: ['take care'] } },
    'GET /containers/web/json': inspect,
    'POST /containers/web/exec': { body: { Id: 'e0' } },
    'POST /exec/e0/start': { body: '' },
    'POST /containers/web/update': { body: { Warnings: null } },
    'GET /containers/json': { body: [] },
    'GET /images/json': { body: [] },
    'GET /containers/web/top': { body: { Titles: [], Processes: [] } },
    'GET /events': { body: '' },
    'GET /containers/web/logs': { body: '' },
    'GET /images/get': { body: '' },
    'POST /images/create': { body: '' },
    'POST /images/prune': { body: { ImagesDeleted: null, SpaceReclaimed: 0 } },
  });
  cli = await bundleCli();
});

after(async () => {
  recording.save();
  await engine[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What a program asked of the engine, in a form that doesn't depend on how Go and we write the same thing. */
async function callsOf(program: (env: Record<string, string>) => Promise<unknown>): Promise<unknown[]> {
  engine.calls.length = 0;
  await program({ DOCKER_HOST: engine.host, FROM_HERE: 'yes' });
  return engine.calls.map(({ method, path, query, body }) => ({
    method,
    path,
    query: Object.fromEntries([...query.keys()].sort().map((key) => [key, query.getAll(key).map(parseJson)])),
    body: withoutEmpty(parseJson(body.replaceAll(folder, '/cwd'))),
  }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Absent, null, zero, false, empty: the engine takes them all alike where they may be left out. */
function withoutEmpty(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutEmpty(item) ?? item);
    if (items.length === 0 && key !== 'MaskedPaths' && key !== 'ReadonlyPaths') return undefined;
    // The order of binds, and that of variables given by flags, is that of a Go map.
    return key === 'Binds' || key === 'Env' ? items.sort(byText) : items;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).flatMap(([name, member]) => {
      const kept = withoutEmpty(member, name);
      return kept === undefined ? [] : [[name, kept] as const];
    });
    return members.length > 0 ? Object.fromEntries(members) : undefined;
  }
  return value || ['Init', 'StopTimeout'].includes(key) ? value : undefined;
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

for (const flags of FLAGS) {
  const words = ['create', ...flags, 'busybox', 'sh', '-c', 'echo --rm'];
  test(`hoy create ${flags.join(' ')} asks the engine what docker asks`, async () => {
    const ours = await callsOf((env) => cli.hoy(words, { env, cwd: folder }));
    assert.equal(ours.length, 1);
    await recording.compare(words.join(' '), ours, () => callsOf((env) => docker(words, { env, cwd: folder })));
  });
}

for (const words of OTHERS) {
  test(`hoy ${words.join(' ')} asks the engine what docker asks`, async () => {
    const ours = await callsOf((env) => cli.hoy(words, { env, cwd: folder }));
    assert.ok(ours.length > 0);
    await recording.compare(words.join(' '), ours, () => callsOf((env) => docker(words, { env, cwd: folder })));
  });
}
