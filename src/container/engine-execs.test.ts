// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { FakeEngine, turns, until } from '#container/fake-engine.ts';
import { EngineError } from '#core/errors.ts';
import type { ContainerConfig, ExecConfig } from '#model/container.ts';

const exec = (more: Partial<ExecConfig> = {}): ExecConfig => ({
  tty: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  detachKeys: '',
  env: [],
  argv: ['date', '-u'],
  privileged: false,
  user: '',
  workingDir: '',
  ...more,
});

const DETACHED = { detach: true, multiplexed: true };

async function running(fake: FakeEngine, config: Partial<ContainerConfig> = {}): Promise<string> {
  const wish = { name: 'box', config: containerConfig(config), hostConfig: hostConfig(), networks: {} };
  const { id } = await fake.engine.create(wish);
  await fake.engine.start(id, {});
  return id;
}

test('an exec runs with the container’s environment and its own, and tells how it ended', async () => {
  using fake = new FakeEngine();
  const container = await running(fake, { env: ['A=1'], workingDir: '/srv', hostname: 'h' });
  const id = await fake.engine.execs.create('box', exec({ env: ['B=2'], user: '7:8' }));
  await fake.engine.execs.start(id, DETACHED);
  const { launch, pid } = fake.shims.last;
  const file = launch?.process.kind === 'exec' ? launch.process.processFile : '';
  const process = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(process.args, ['date', '-u']);
  assert.equal(process.cwd, '/srv');
  assert.deepEqual([process.user.uid, process.user.gid], [7, 8]);
  for (const entry of ['A=1', 'B=2', 'HOSTNAME=h']) assert.ok(process.env.includes(entry), entry);
  assert.deepEqual((await fake.engine.execs.inspect(id)).state, { status: 'running', pid });
  assert.deepEqual((await fake.engine.inspect(container, { size: false })).execIds, [id]);
  fake.shims.last.end(3);
  await turns();
  assert.deepEqual((await fake.engine.execs.inspect(id)).state, { status: 'exited', exitCode: 3, pid });
  assert.deepEqual(fake.actions(container).slice(2), ['exec_create: date -u', 'exec_start: date -u', 'exec_die']);
  await until(() => !existsSync(fake.shims.last.directory));
});

test('the actions of an exec without arguments end with a blank, as filters of clients expect', async () => {
  using fake = new FakeEngine();
  const container = await running(fake);
  await fake.engine.execs.create('box', exec({ argv: ['date'] }));
  assert.deepEqual(fake.actions(container).slice(2), ['exec_create: date ']);
});

test('an exec runs once, and only in a container that runs', async () => {
  using fake = new FakeEngine();
  const container = await running(fake);
  const id = await fake.engine.execs.create('box', exec());
  await fake.engine.execs.start(id, DETACHED);
  await assert.rejects(fake.engine.execs.start(id, DETACHED), { message: `exec command ${id} is already running` });
  fake.shims.last.end(0);
  await turns();
  await assert.rejects(fake.engine.execs.start(id, DETACHED), { message: `exec command ${id} has already run` });
  await fake.engine.pause(container);
  await assert.rejects(fake.engine.execs.create('box', exec()), {
    message: `Container ${container} is paused, unpause the container before exec`,
  });
  await fake.engine.unpause(container);
  const never = await fake.engine.execs.create('box', exec());
  await fake.engine.stop(container, {});
  await assert.rejects(fake.engine.execs.create('box', exec()), { message: `container ${container} is not running` });
  await assert.rejects(fake.engine.execs.start(never, DETACHED), { code: 'not-found' });
});

test('an exec that could not be started has ended, with the code that says why', async () => {
  using fake = new FakeEngine();
  await running(fake);
  for (const [failure, exitCode] of [
    [Object.assign(new Error('not found'), { exitCode: 127 }), 127],
    [new Error('other'), 126],
  ] as const) {
    const id = await fake.engine.execs.create('box', exec());
    fake.shims.failures = [failure];
    await assert.rejects(fake.engine.execs.start(id, DETACHED), failure);
    assert.deepEqual((await fake.engine.execs.inspect(id)).state, { status: 'exited', exitCode, pid: 0 });
  }
});

test('an unknown user is found out at the start, which is then over', async () => {
  using fake = new FakeEngine();
  await running(fake);
  const { execs } = fake.engine;
  const id = await execs.create('box', exec({ user: 'who' }));
  await assert.rejects(execs.start(id, DETACHED), { message: /^unable to find user who: / });
  assert.deepEqual((await execs.inspect(id)).state, { status: 'exited', exitCode: 126, pid: 0 });
});

test('bad keys and commands are refused before anything is made', async () => {
  using fake = new FakeEngine();
  await running(fake);
  const { execs } = fake.engine;
  await assert.rejects(execs.create('box', exec({ argv: [] })), { message: 'No exec command specified' });
  await assert.rejects(execs.create('box', exec({ detachKeys: 'ab' })), {
    message: 'Invalid escape keys (ab) provided',
  });
  await assert.rejects(execs.inspect('nope'), { code: 'not-found', message: 'No such exec instance: nope' });
  const id = await execs.create('box', exec());
  await assert.rejects(execs.resize(id, { rows: 1, columns: 1 }), { message: 'exec process is not started' });
});

test('an exec that ended can be asked about for ten minutes', async () => {
  using fake = new FakeEngine();
  await running(fake);
  const id = await fake.engine.execs.create('box', exec());
  await fake.engine.execs.start(id, DETACHED);
  fake.shims.last.end(0);
  await turns();
  await fake.clock.advance(10 * 60_000 - 1);
  await fake.engine.execs.inspect(id);
  await fake.clock.advance(1);
  await assert.rejects(fake.engine.execs.inspect(id), { code: 'not-found' });
});

test("an exec that its container's end overtakes is told so, whatever the runtime says of it", async () => {
  using fake = new FakeEngine();
  const container = await running(fake);
  const box = fake.shims.last;
  const [overtaken, failing] = [
    await fake.engine.execs.create('box', exec()),
    await fake.engine.execs.create('box', exec()),
  ];
  fake.shims.failures = [new EngineError('internal', 'broken'), new EngineError('internal', 'write to sync socket')];
  let told = '';
  fake.engine.execs.start(failing, DETACHED).catch(({ message }) => {
    told = message;
  });
  await until(async () => {
    await fake.clock.advance(50);
    return told !== '';
  });
  assert.equal(told, 'broken');
  const late = assert.rejects(fake.engine.execs.start(overtaken, DETACHED), {
    code: 'conflict',
    message: `container ${container} is not running`,
  });
  box.end(0);
  await late;
});

test('execs are followed again after the engine was killed', async () => {
  using fake = new FakeEngine();
  await running(fake);
  const { execs } = fake.engine;
  const [goesOn, ended] = [await execs.create('box', exec()), await execs.create('box', exec())];
  await execs.start(goesOn, DETACHED);
  const first = fake.shims.last;
  await execs.start(ended, DETACHED);
  const second = fake.shims.last;
  await turns();
  const restarted = fake.restart();
  second.end(4);
  await restarted;
  await until(async () => (await fake.engine.execs.inspect(ended)).state.status === 'exited');
  assert.equal((await fake.engine.execs.inspect(goesOn)).state.status, 'running');
  first.end(6);
  await turns();
  const { state } = await fake.engine.execs.inspect(goesOn);
  assert.equal(state.status === 'exited' && state.exitCode, 6);
});

test('what an exec used is cleared away although the engine was killed before it could', async () => {
  using fake = new FakeEngine();
  await running(fake);
  const id = await fake.engine.execs.create('box', exec());
  await fake.engine.execs.start(id, DETACHED);
  const { directory } = fake.shims.last;
  fake.shims.last.end(0);
  await until(() => !existsSync(directory));
  mkdirSync(directory);
  await fake.restart();
  await until(() => !existsSync(directory));
  assert.equal((await fake.engine.execs.inspect(id)).state.status, 'exited');
});

test('a health probe keeps 4096 bytes of what it wrote', async () => {
  using fake = new FakeEngine();
  await running(fake, { healthcheck: { test: ['CMD', 'check'], intervalMs: 1000 } });
  fake.shims.onLaunch = (shim) => {
    const { client } = shim.attached[0] ?? {};
    (client as Duplex).end('x'.repeat(5000));
    setImmediate(() => shim.end(0));
  };
  await fake.clock.advance(1000);
  const isHealthy = async () => (await fake.engine.inspect('box', { size: false })).record.health?.status === 'healthy';
  await until(isHealthy);
  const { health } = (await fake.engine.inspect('box', { size: false })).record;
  assert.equal(health?.log[0]?.output, `${'x'.repeat(4096)}...`);
  assert.ok(fake.actions().includes('health_status: healthy'));
});

test('a probe that takes too long is killed', async () => {
  using fake = new FakeEngine();
  await running(fake, { healthcheck: { test: ['CMD', 'check'], intervalMs: 1000, timeoutMs: 500, retries: 1 } });
  await fake.clock.advance(1000);
  await until(() => fake.shims.byPid.size === 2);
  await turns();
  await fake.clock.advance(500);
  await until(async () => (await fake.engine.inspect('box', { size: false })).record.health?.status === 'unhealthy');
  const probe = (await fake.engine.inspect('box', { size: false })).record.health?.log[0];
  assert.equal(probe?.output, 'Health check exceeded timeout (500ms)');
  assert.equal(probe?.exitCode, -1);
  assert.deepEqual(fake.signals, [{ pid: fake.shims.last.pid, signal: 9 }]);
});
