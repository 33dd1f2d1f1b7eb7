// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { FakeEngine, turns, until } from '#container/fake-engine.ts';
import { EngineError } from '#core/errors.ts';
import type { ContainerConfig, HostConfig, RestartPolicyName } from '#model/container.ts';

const start = async (
  fake: FakeEngine,
  host: Partial<HostConfig> = {},
  config: Partial<ContainerConfig> = {},
): Promise<string> => {
  const { id } = await create(fake, host, config);
  await fake.engine.start(id, {});
  return id;
};

const create = (
  fake: FakeEngine,
  host: Partial<HostConfig> = {},
  config: Partial<ContainerConfig> = {},
): Promise<{ id: string; warnings: string[] }> =>
  fake.engine.create({ name: 'box', config: containerConfig(config), hostConfig: hostConfig(host), networks: {} });

const stateOf = async (fake: FakeEngine, id: string) => (await fake.engine.inspect(id, { size: false })).record.state;

const becomes = (fake: FakeEngine, id: string, status: string): Promise<void> =>
  until(async () => (await stateOf(fake, id)).status === status);

const policy = (name: RestartPolicyName, maximumRetryCount = 0, onUnhealthy = false): Partial<HostConfig> => ({
  restartPolicy: { name, maximumRetryCount, onUnhealthy },
});

test('a container runs from start to exit, and its events tell the story', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  assert.equal((await stateOf(fake, id)).status, 'running');
  await fake.clock.advance(2500);
  fake.shims.last.end(7);
  await turns();
  const state = await stateOf(fake, id);
  assert.deepEqual([state.status, 'exitCode' in state && state.exitCode], ['exited', 7]);
  assert.deepEqual(fake.actions(id), ['create', 'start', 'die']);
  assert.deepEqual(fake.events.at(-1)?.actor.attributes, {
    exitCode: '7',
    execDuration: '2',
    image: 'busybox',
    name: 'box',
  });
});

test('nothing but the writable layer stays when a process has ended', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  const { directory } = fake.shims.last;
  const bundle = join(fake.root, 'exec/bundles', id);
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  assert.deepEqual(spec.process.args, ['sh']);
  assert.equal(spec.linux.cgroupsPath, `/hoy/${id}`);
  fake.shims.last.end(0);
  await turns();
  assert.ok(fake.shims.last.isReleased);
  await until(() => !existsSync(bundle) && !existsSync(directory));
  assert.deepEqual(fake.runtimeCalls, [`remove ${id}`]);
  assert.equal(fake.snapshots.get(id), 'unmounted');
});

test('a failed start leaves the container as it was, with the reason and Docker’s exit code', async () => {
  using fake = new FakeEngine();
  const { id } = await create(fake);
  const failure = Object.assign(new EngineError('invalid-parameter', 'exec: "x": not found'), { exitCode: 127 });
  fake.shims.failures = [failure];
  await assert.rejects(fake.engine.start(id, {}), failure);
  assert.deepEqual(await stateOf(fake, id), { status: 'created', error: 'exec: "x": not found', exitCode: 127 });
  assert.ok(!existsSync(join(fake.root, 'exec/bundles', id)));
  assert.equal(fake.snapshots.get(id), 'unmounted');
  await fake.engine.start(id, {});
  assert.equal((await stateOf(fake, id)).status, 'running');
});

test('a container that removes itself is gone after its exit, and after a failed start', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, { autoRemove: true });
  fake.shims.last.end(0);
  await turns();
  await assert.rejects(fake.engine.inspect(id, { size: false }), { code: 'not-found' });
  assert.deepEqual(fake.actions(id), ['create', 'start', 'die', 'destroy']);
  const second = await create(fake, { autoRemove: true });
  fake.shims.failures = [new Error('no')];
  await assert.rejects(fake.engine.start(second.id, {}));
  await assert.rejects(fake.engine.inspect(second.id, { size: false }), { code: 'not-found' });
  await until(() => fake.snapshots.size === 0);
});

test('start says that a running container runs, stop that a stopped one is stopped', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  await assert.rejects(fake.engine.start(id, {}), { code: 'not-modified' });
  await fake.engine.stop(id, {});
  await assert.rejects(fake.engine.stop(id, {}), { code: 'not-modified' });
});

test('two starts at once start one process', async () => {
  using fake = new FakeEngine();
  const { id } = await create(fake);
  const results = await Promise.allSettled([fake.engine.start(id, {}), fake.engine.start(id, {})]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(fake.shims.byPid.size, 1);
});

test('stop asks with the container’s own signal', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, {}, { stopSignal: 'SIGQUIT' });
  await fake.engine.stop(id, {});
  assert.deepEqual(
    fake.signals.map(({ signal }) => signal),
    [3],
  );
  assert.deepEqual(fake.actions(id), ['create', 'start', 'kill', 'die', 'stop']);
});

test('stop kills what doesn’t end in time', async () => {
  using fake = new FakeEngine();
  fake.diesOf = (signal) => signal === 9;
  const id = await start(fake);
  const stopped = fake.engine.stop(id, { timeoutSeconds: 3 });
  await turns();
  await fake.clock.advance(2999);
  assert.equal(fake.signals.length, 1);
  await fake.clock.advance(1);
  await stopped;
  assert.deepEqual(
    fake.signals.map(({ signal }) => signal),
    [15, 9],
  );
});

test('a kill goes through while stop waits', async () => {
  using fake = new FakeEngine();
  fake.diesOf = (signal) => signal === 9;
  const id = await start(fake);
  const stopped = fake.engine.stop(id, { timeoutSeconds: -1 });
  await turns();
  await fake.engine.kill(id, 'KILL');
  await stopped;
  assert.equal((await stateOf(fake, id)).status, 'exited');
});

test('a signal that isn’t meant to end the container leaves its policy in force', async () => {
  using fake = new FakeEngine();
  fake.diesOf = () => false;
  const id = await start(fake, policy('always'));
  await fake.engine.kill(id, 'HUP');
  fake.shims.last.end(129);
  await turns();
  assert.equal((await stateOf(fake, id)).status, 'restarting');
});

test('kill of what doesn’t run, and of an unknown signal, is refused in Docker’s words', async () => {
  using fake = new FakeEngine();
  const { id } = await create(fake);
  await assert.rejects(fake.engine.kill('box', 'KILL'), {
    code: 'conflict',
    message: `cannot kill container: box: container ${id} is not running`,
  });
  await assert.rejects(fake.engine.kill('box', 'NOPE'), { code: 'invalid-parameter' });
  await assert.rejects(fake.engine.kill('gone', 'KILL'), {
    code: 'not-found',
    message: 'cannot kill container: gone: No such container: gone',
  });
});

test('a policy brings a container back, with growing pauses', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, policy('always'));
  for (const delayMs of [100, 200, 400]) {
    fake.shims.last.end(1);
    await turns();
    assert.equal((await stateOf(fake, id)).status, 'restarting');
    const launched = fake.shims.byPid.size;
    await fake.clock.advance(delayMs - 1);
    assert.equal(fake.shims.byPid.size, launched);
    await fake.clock.advance(1);
    await becomes(fake, id, 'running');
  }
  assert.equal((await fake.engine.inspect(id, { size: false })).record.restartCount, 3);
});

test('on-failure gives up after so many times, and is content with success', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, policy('on-failure', 1));
  fake.shims.last.end(1);
  await becomes(fake, id, 'restarting');
  await fake.clock.advance(100);
  await becomes(fake, id, 'running');
  fake.shims.last.end(1);
  await becomes(fake, id, 'exited');
  await fake.engine.start(id, {});
  fake.shims.last.end(0);
  await turns();
  assert.equal((await stateOf(fake, id)).status, 'exited');
});

test('a person’s stop is final, also between two runs', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, policy('always'));
  await fake.engine.stop(id, {});
  assert.equal((await stateOf(fake, id)).status, 'exited');
  await fake.engine.start(id, {});
  fake.shims.last.end(1);
  await turns();
  await fake.engine.stop(id, {});
  await fake.clock.advance(10_000);
  assert.equal((await stateOf(fake, id)).status, 'exited');
  assert.equal(fake.shims.byPid.size, 2);
});

test('restart ends the process and starts another, also one that is to remove itself', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, { autoRemove: true });
  await fake.engine.restart(id, {});
  assert.equal((await stateOf(fake, id)).status, 'running');
  assert.deepEqual(fake.actions(id), ['create', 'start', 'kill', 'die', 'stop', 'start', 'restart']);
  fake.shims.last.end(0);
  await turns();
  await assert.rejects(fake.engine.inspect(id, { size: false }), { code: 'not-found' });
});

test('pause and unpause change the state and are told', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  await fake.engine.pause(id);
  assert.equal((await stateOf(fake, id)).status, 'paused');
  await assert.rejects(fake.engine.pause(id), { code: 'conflict', message: `container ${id} is already paused` });
  await fake.engine.unpause(id);
  await assert.rejects(fake.engine.unpause(id), { code: 'conflict', message: `Container ${id} is not paused` });
  assert.deepEqual(fake.actions(id).slice(2), ['pause', 'unpause']);
});

test('a paused container can be stopped: it is thawed to hear of it', async () => {
  using fake = new FakeEngine();
  fake.diesOf = () => false;
  const id = await start(fake);
  await fake.engine.pause(id);
  const stopped = fake.engine.stop(id, {});
  await turns();
  assert.deepEqual(fake.runtimeCalls, ['pause', 'resume']);
  fake.shims.last.end(143);
  await stopped;
});

test('a running container is removed by force only, and then at once', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  await assert.rejects(fake.engine.remove('box', { force: false, volumes: false, link: false }), {
    code: 'conflict',
    message: 'cannot remove container "box": container is running: stop the container before removing or force remove',
  });
  await fake.engine.remove('box', { force: true, volumes: false, link: false });
  assert.deepEqual(fake.actions(id), ['create', 'start', 'kill', 'die', 'destroy']);
  await until(() => fake.snapshots.size === 0);
  await create(fake);
});

test('a second removal hears that the first is under way', async () => {
  using fake = new FakeEngine();
  fake.diesOf = () => false;
  const id = await start(fake);
  const removed = fake.engine.remove(id, { force: true, volumes: false, link: false });
  await turns();
  await assert.rejects(fake.engine.remove(id, { force: true, volumes: false, link: false }), {
    message: `removal of container ${id} is already in progress`,
  });
  fake.shims.last.end(137);
  await removed;
});

test('a container that is being restarted by its policy is removed by force', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, policy('always'));
  fake.shims.last.end(1);
  await turns();
  await assert.rejects(fake.engine.remove(id, { force: false, volumes: false, link: false }), { code: 'conflict' });
  await fake.engine.remove(id, { force: true, volumes: false, link: false });
  await fake.clock.advance(1000);
  assert.equal(fake.shims.byPid.size, 1);
});

test('prune removes what doesn’t run and says what that gave', async () => {
  using fake = new FakeEngine();
  const running = await start(fake);
  const { id } = await fake.engine.create({
    name: 'other',
    config: containerConfig(),
    hostConfig: hostConfig(),
    networks: {},
  });
  assert.deepEqual(await fake.engine.prune(new Map()), { deleted: [id], reclaimedBytes: 10 });
  assert.equal((await stateOf(fake, running)).status, 'running');
  assert.equal(fake.actions().at(-1), 'prune');
});

test('an unhealthy container is restarted when its policy says so', async () => {
  using fake = new FakeEngine();
  const healthcheck = { test: ['CMD', 'check'], intervalMs: 1000, retries: 1 };
  const id = await start(fake, policy('on-failure', 0, true), { healthcheck });
  // The probe fails; the container itself would end well when asked.
  fake.diesOf = () => false;
  fake.shims.onLaunch = (shim) => shim.launch?.process.kind === 'exec' && setImmediate(() => shim.end(1));
  const main = fake.shims.last;
  await fake.clock.advance(1000);
  await fake.clock.advance(2000);
  assert.equal((await fake.engine.inspect(id, { size: false })).record.health?.status, 'unhealthy');
  assert.deepEqual(
    fake.signals.map(({ pid, signal }) => [pid, signal]),
    [[main.pid, 15]],
  );
  main.end(0);
  await turns();
  assert.equal((await stateOf(fake, id)).status, 'restarting');
});
