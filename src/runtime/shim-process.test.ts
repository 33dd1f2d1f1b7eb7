// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeEnvironment, shimArguments } from '#runtime/shim-process.ts';
import type { ShimLaunch } from '#runtime/types.ts';

const LAUNCH: ShimLaunch = {
  directory: '/run/x',
  process: { kind: 'init', bundle: '/run/b' },
  runtime: { name: 'crun', path: '/usr/bin/crun', args: [], version: '', hideUnifiedCgroup: false },
  runtimeRoot: '/run/r',
  containerId: 'abc',
  tty: false,
  stdin: 'closed',
  log: { driver: 'none' },
  oomFiles: [],
};

const START = 'hoy-shim --id abc --dir /run/x --runtime /usr/bin/crun';

const CASES: [changes: Partial<ShimLaunch>, expected: string][] = [
  [{}, `${START} --root /run/r --bundle /run/b --stdin closed`],
  [{ process: { kind: 'exec', processFile: '/p' }, stdin: 'once' }, `${START} --root /run/r --exec /p --stdin once`],
  [{ tty: true, consoleSize: [24, 80] }, `${START} --root /run/r --bundle /run/b --tty --size 24x80 --stdin closed`],
  [
    { runtime: { ...LAUNCH.runtime, args: ['--debug'], hideUnifiedCgroup: true } },
    `${START} --runtime-arg --debug --root /run/r --hide-unified-cgroup --bundle /run/b --stdin closed`,
  ],
  [
    { log: { driver: 'json-file', path: '/l', maxSizeBytes: 10, maxFiles: 2 }, oomFiles: ['/a', '/b'] },
    `${START} --root /run/r --bundle /run/b --stdin closed --log /l --log-max-size 10 --log-max-files 2 --oom-file /a --oom-file /b`,
  ],
];

test('a launch becomes a command line', () => {
  for (const [changes, expected] of CASES) assert.equal(shimArguments({ ...LAUNCH, ...changes }).join(' '), expected);
});

test('a copy of the runtime is named beside it', () => {
  const expected = `${START} --program /proc/1/fd/5 --root /run/r --bundle /run/b --stdin closed`;
  assert.equal(shimArguments(LAUNCH, '/proc/1/fd/5').join(' '), expected);
});

test('runtimes do not get variables that are meant for the engine', (t) => {
  for (const name of ['NOTIFY_SOCKET', 'LISTEN_FDS', 'SECRET']) {
    const before = process.env[name];
    process.env[name] = 'x';
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
  const names = runtimeEnvironment().map((entry) => entry.split('=')[0]);
  assert.ok(names.includes('PATH'));
  for (const name of ['NOTIFY_SOCKET', 'LISTEN_FDS', 'SECRET']) assert.ok(!names.includes(name), name);
});
