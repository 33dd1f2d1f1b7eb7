// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { FakeEngine, turns, until } from '#container/fake-engine.ts';
import type { ContainerStatus, HostConfig, RestartPolicyName } from '#model/container.ts';

async function create(fake: FakeEngine, host: Partial<HostConfig> = {}): Promise<string> {
  const wish = { name: '', config: containerConfig(), hostConfig: hostConfig(host), networks: {} };
  return (await fake.engine.create(wish)).id;
}

async function start(fake: FakeEngine, host: Partial<HostConfig> = {}): Promise<string> {
  const id = await create(fake, host);
  await fake.engine.start(id, {});
  return id;
}

const restart = (name: RestartPolicyName): Partial<HostConfig> => ({
  restartPolicy: { name, maximumRetryCount: 0, onUnhealthy: false },
});

const state = async (fake: FakeEngine, id: string) => (await fake.engine.inspect(id, { size: false })).record.state;
const becomes = (fake: FakeEngine, id: string, status: ContainerStatus) =>
  until(async () => (await state(fake, id)).status === status);

/** As after a restart of the machine: what was on the tmpfs and all processes are gone. */
async function reboot(fake: FakeEngine): Promise<void> {
  const { rmSync } = await import('node:fs');
  rmSync(join(fake.root, 'exec'), { recursive: true, force: true });
  fake.shims.byDirectory.clear();
  await fake.restart();
}

test('a running container is followed again after the engine was killed', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  const before = await state(fake, id);
  await fake.restart();
  assert.deepEqual(await state(fake, id), before);
  fake.shims.last.end(4);
  await becomes(fake, id, 'exited');
  assert.equal(fake.actions(id).at(-1), 'die');
});

test('an end that came while the engine was away is recorded with its code and time', async () => {
  using fake = new FakeEngine();
  const id = await start(fake);
  const finishedAt = new Date(fake.clock.now().getTime() + 1234);
  fake.shims.last.end(9, { finishedAt });
  await fake.restart();
  const ended = await state(fake, id);
  assert.deepEqual(ended.status === 'exited' && [ended.exitCode, ended.finishedAt], [9, finishedAt]);
});

test('after a restart of the machine nothing runs, and what its policy wants is started', async () => {
  using fake = new FakeEngine();
  const [plain, always, failure] = [
    await start(fake),
    await start(fake, restart('always')),
    await start(fake, restart('on-failure')),
  ];
  await reboot(fake);
  const lost = await state(fake, plain);
  assert.deepEqual(lost.status === 'exited' && lost.exitCode, 255);
  await becomes(fake, always, 'running');
  await becomes(fake, failure, 'running');
});

test('a person’s stop outlives the engine for all policies but always', async () => {
  using fake = new FakeEngine();
  const [unless, always] = [await start(fake, restart('unless-stopped')), await start(fake, restart('always'))];
  await fake.engine.stop(unless, {});
  await fake.engine.stop(always, {});
  await fake.restart();
  await becomes(fake, always, 'running');
  assert.equal((await state(fake, unless)).status, 'exited');
});

test('a container whose policy was about to bring it back is brought back', async () => {
  using fake = new FakeEngine();
  const id = await start(fake, restart('always'));
  fake.shims.last.end(1);
  await becomes(fake, id, 'restarting');
  await fake.restart();
  await becomes(fake, id, 'running');
});

test('a container that removes itself and ended meanwhile is gone', async () => {
  using fake = new FakeEngine();
  const [ended, lost] = [await start(fake, { autoRemove: true }), await start(fake, { autoRemove: true })];
  fake.shims.byPid.get(1000)?.end(0);
  fake.shims.byDirectory.clear();
  await reboot(fake);
  await until(() => fake.snapshots.size === 0);
  for (const id of [ended, lost]) await assert.rejects(fake.engine.inspect(id, { size: false }), { code: 'not-found' });
});

test('a process whose start was not recorded any more is taken over', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const directory = join(fake.root, 'exec/shims', id.slice(0, 24));
  mkdirSync(directory, { recursive: true });
  await fake.shims.launch({ directory } as Parameters<typeof fake.shims.launch>[0]);
  await fake.restart();
  assert.equal((await state(fake, id)).status, 'running');
});

test('what belongs to no container is cleared away', async () => {
  using fake = new FakeEngine();
  await fake.engine.life.start();
  const kept = await create(fake);
  const id = 'f'.repeat(64);
  const places = [join('exec/bundles', id), join('exec/shims', id.slice(0, 24)), join('data/containers', id)];
  for (const place of places) mkdirSync(join(fake.root, place), { recursive: true });
  writeFileSync(join(fake.root, 'exec/bundles', id, 'config.json'), '{"linux":{"cgroupsPath":"/hoy/x"}}');
  mkdirSync(join(fake.root, 'exec/runtime/crun', id), { recursive: true });
  fake.snapshots.set(id, 'mounted');
  await fake.restart();
  await until(() => !places.some((place) => existsSync(join(fake.root, place))) && fake.snapshots.size === 1);
  assert.deepEqual([...fake.snapshots.keys()], [kept]);
  assert.ok(fake.runtimeCalls.includes(`remove ${id}`));
});

test('a bundle that was cut off while it was written is cleared away', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const bundle = join(fake.root, 'exec/bundles', id);
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'config.json'), '{"linux":');
  await fake.restart();
  await until(() => !existsSync(bundle));
  await fake.engine.start(id, {});
});

test('with live-restore the engine goes and containers stay', async () => {
  using fake = new FakeEngine();
  await start(fake);
  await fake.engine.life.stop();
  assert.deepEqual(fake.signals, []);
});

test('without live-restore they are stopped, and start again with the engine if their policy says so', async () => {
  using fake = new FakeEngine({ liveRestore: false });
  const id = await start(fake, restart('unless-stopped'));
  await fake.engine.life.stop();
  assert.equal((await state(fake, id)).status, 'exited');
  await fake.restart();
  await becomes(fake, id, 'running');
});

test('without live-restore the engine doesn’t wait longer than it may', async () => {
  using fake = new FakeEngine({ liveRestore: false, shutdownTimeoutSeconds: 2 });
  fake.diesOf = (signal) => signal === 9;
  await start(fake);
  const stopped = fake.engine.life.stop();
  await turns();
  await fake.clock.advance(2000);
  await stopped;
  assert.deepEqual(
    fake.signals.map(({ signal }) => signal),
    [15, 9],
  );
});
