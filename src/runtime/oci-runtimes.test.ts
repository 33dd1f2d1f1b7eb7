// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '#core/logger.ts';
import { readCgroupLayout } from '#linux/cgroup.ts';
import { readHostFacts } from '#runtime/host-facts.ts';
import { findExecutable, findOciRuntimes, OciRuntimes, type RuntimeSearchOptions } from '#runtime/oci-runtimes.ts';
import { runtimeCommand } from '#runtime/runtime-command.ts';
import { trialProgram } from '#runtime/trial-program.ts';
import type { OciRuntime } from '#runtime/types.ts';

const layout = readCgroupLayout();
const host = readHostFacts(layout);

function directory(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hoy-runtimes-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const find = (options: RuntimeSearchOptions): Promise<OciRuntimes> =>
  findOciRuntimes({ layout, host, logger: silentLogger }, options);

/** A program that counts its calls and then is `real`. */
function counted(at: string, real: string): { path: string; calls: () => number } {
  const path = join(at, 'counted');
  const log = join(at, 'calls');
  writeFileSync(log, '');
  writeFileSync(path, `#!/bin/sh\necho "$@" >> ${log}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return { path, calls: () => readFileSync(log, 'utf8').split('\n').length - 1 };
}

test('the installed runtimes are tried, and the fastest that works is the default', async () => {
  using box = directory();
  const runtimes = await find({ directory: join(box.path, 'new') });
  const [first] = ['crun', 'runc'].filter((name) => runtimes.working.has(name));
  assert.equal(runtimes.default.name, first);
  assert.equal(runtimes.get(''), runtimes.default);
  // To load device filters on cgroup v2, crun raises a limit that only CAP_SYS_RESOURCE may raise.
  const mayAll = layout.version === 1 || host.rlimits === undefined;
  if (mayAll) assert.deepEqual([...runtimes.failures], []);
  assert.match(runtimes.default.version, /^(crun|runc) version \d/);
  assert.deepEqual(readdirSync(join(box.path, 'new')), ['runtimes.json']);
});

test('a runtime that passed its trial is not tried again until something changes', async () => {
  using box = directory();
  const real = findExecutable('runc');
  const { path, calls } = counted(box.path, real);
  const options = { directory: join(box.path, 'state'), configured: { mine: { path } } };
  const first = await find(options);
  const afterFirst = calls();
  assert.ok(afterFirst >= 2);
  assert.deepEqual((await find(options)).get('mine'), first.get('mine'));
  assert.equal(calls(), afterFirst);
  utimesSync(path, new Date(0), new Date(0));
  await find(options);
  assert.ok(calls() > afterFirst);
});

test('what was learnt is forgotten rather than trusted when it is damaged', async () => {
  using box = directory();
  await find({ directory: box.path });
  writeFileSync(join(box.path, 'runtimes.json'), '{"oh":');
  const runtimes = await find({ directory: box.path });
  assert.ok(runtimes.working.size > 0);
  assert.ok(Array.isArray(JSON.parse(readFileSync(join(box.path, 'runtimes.json'), 'utf8'))));
  assert.equal(statSync(join(box.path, 'runtimes.json')).mode & 0o777, 0o600);
});

test('a runtime that can’t run a container is kept away from containers, with the reason', async () => {
  using box = directory();
  const bad = join(box.path, 'bad');
  writeFileSync(bad, '#!/bin/sh\n[ "$1" = --version ] && echo bad 1 && exit\necho "it broke" >&2\nexit 1\n', {
    mode: 0o755,
  });
  const runtimes = await find({
    directory: box.path,
    configured: { bad: { path: bad }, missing: { path: '/nonexistent/runtime' } },
  });
  assert.deepEqual([...runtimes.failures.keys()].slice(-2), ['bad', 'missing']);
  assert.throws(() => runtimes.get('bad'), { code: 'invalid-parameter', message: /bad does not work.*it broke/ });
  assert.throws(() => runtimes.get('missing'), { message: /executable file not found/ });
  assert.throws(() => runtimes.get('other'), { message: 'unknown or invalid runtime name: other' });
  assert.deepEqual(
    readdirSync(box.path).filter((name) => name.startsWith('trial-')),
    [],
  );
});

test('the daemon’s choice of a default is heeded, and refused if it does not work', async () => {
  using box = directory();
  assert.equal((await find({ directory: box.path, defaultName: 'runc' })).default.name, 'runc');
  await assert.rejects(find({ directory: box.path, defaultName: 'nope' }), /default runtime nope: no such runtime/);
});

test('a host without any runtime is told what to install', () => {
  assert.throws(() => new OciRuntimes(new Map(), new Map([['crun', 'broken']])), /crun: broken\): install one/);
});

test('Docker’s own name for its runtime means the default one', () => {
  const crun: OciRuntime = {
    name: 'crun',
    path: '/crun',
    args: [],
    version: 'crun version 1',
    hideUnifiedCgroup: false,
  };
  const runtimes = new OciRuntimes(new Map([['crun', crun]]), new Map());
  assert.equal(runtimes.get('io.containerd.runc.v2'), crun);
});

test('the v2 hierarchy is hidden by a namespace, not by a change to the host', () => {
  const runtime = { path: '/bin/true', args: ['--debug'], hideUnifiedCgroup: true };
  assert.deepEqual(runtimeCommand({ ...runtime, hideUnifiedCgroup: false }, ['x']), ['/bin/true', '--debug', 'x']);
  const command = runtimeCommand(runtime, ['x']);
  assert.deepEqual(command.slice(-3), ['/bin/true', '--debug', 'x']);
  if (layout.kind !== 'hybrid') return;
  const [file = '', ...args] = command;
  execFileSync(file, args);
  assert.equal(readCgroupLayout().kind, 'hybrid');
});

test('executables are looked up like a shell does', () => {
  using box = directory();
  const file = join(box.path, 'tool');
  writeFileSync(file, '', { mode: 0o644 });
  assert.throws(() => findExecutable('tool', box.path), /executable file not found/);
  chmodSync(file, 0o755);
  assert.equal(findExecutable('tool', `/nonexistent:${box.path}`), file);
  assert.equal(findExecutable(file), file);
  assert.throws(() => findExecutable(box.path), /not found/);
});

test('the smallest program runs and ends well', () => {
  using box = directory();
  const file = join(box.path, 'trial');
  writeFileSync(file, trialProgram(), { mode: 0o755 });
  execFileSync(file);
  assert.equal(trialProgram('arm64').readUInt16LE(18), 183);
  assert.throws(() => trialProgram('mips'), /no support/);
});
