// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { FakeEngine, pair, turns } from '#container/fake-engine.ts';
import type { AttachedClient } from '#model/client.ts';
import type { ContainerConfig, HostConfig } from '#model/container.ts';

async function create(
  fake: FakeEngine,
  host: Partial<HostConfig> = {},
  config: Partial<ContainerConfig> = {},
): Promise<string> {
  const wish = { name: '', config: containerConfig(config), hostConfig: hostConfig(host), networks: {} };
  return (await fake.engine.create(wish)).id;
}

function client(passable = true): AttachedClient & { hasEnded: () => boolean } {
  const [stream, other] = pair();
  let ended = false;
  other.on('end', () => {
    ended = true;
  });
  other.resume();
  return { stream, passable, head: Buffer.from('early'), hasEnded: () => ended };
}

const ATTACH = {
  stdin: true,
  stdout: true,
  stderr: true,
  logs: false,
  stream: true,
  detachKeys: '',
  multiplexed: true,
};
const forever = new AbortController().signal;

test('a wait is answered by the exit, with its code', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const next = await fake.engine.wait(id, 'next-exit', forever);
  assert.deepEqual(await (await fake.engine.wait(id, 'not-running', forever)).result, { exitCode: 0 });
  await fake.engine.start(id, {});
  const current = await fake.engine.wait(id, 'not-running', forever);
  fake.shims.last.end(5);
  assert.deepEqual(await next.result, { exitCode: 5 });
  assert.deepEqual(await current.result, { exitCode: 5 });
  assert.deepEqual(await (await fake.engine.wait(id, 'not-running', forever)).result, { exitCode: 5 });
});

test('removal answers every wait, also of a container that never ran', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const waits = await Promise.all([
    fake.engine.wait(id, 'removed', forever),
    fake.engine.wait(id, 'next-exit', forever),
  ]);
  await fake.engine.remove(id, { force: false, volumes: false, link: false });
  for (const { result } of waits) assert.deepEqual(await result, { exitCode: 0 });
  await assert.rejects(fake.engine.wait(id, 'removed', forever), { code: 'not-found' });
});

test('a client that waits before the start is passed to the shim when there is one', async () => {
  using fake = new FakeEngine();
  const id = await create(fake, { autoRemove: true });
  const waiting = client();
  const handedOver = fake.engine.handOverWait(id, waiting, 'removed');
  await fake.engine.start(id, {});
  assert.equal(await handedOver, true);
  assert.deepEqual(fake.shims.last.waits, [{ client: waiting.stream, untilReleased: true }]);
});

test('the engine answers itself where a shim couldn’t know', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  assert.equal(await fake.engine.handOverWait(id, client(), 'removed'), false);
  assert.equal(await fake.engine.handOverWait(id, client(false), 'next-exit'), false);
  assert.equal(await fake.engine.handOverWait(id, client(), 'not-running'), false);
  assert.equal(await fake.engine.handOverWait('gone', client(), 'next-exit'), false);
  const pending = fake.engine.handOverWait(id, client(), 'next-exit');
  await fake.engine.remove(id, { force: false, volumes: false, link: false });
  assert.equal(await pending, false);
});

test('a client that goes away while it waits for the start is forgotten', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const waiting = client();
  const attached = client();
  const pending = fake.engine.handOverWait(id, waiting, 'next-exit');
  await fake.engine.attach(id, attached, ATTACH);
  waiting.stream.destroy();
  attached.stream.destroy();
  assert.equal(await pending, false);
  await fake.engine.start(id, {});
  assert.equal(fake.shims.last.waits.length + fake.shims.last.attached.length, 0);
});

test('clients that attach before the start are connected before the process runs', async () => {
  using fake = new FakeEngine();
  const id = await create(fake, {}, { openStdin: true });
  const attached = client();
  await fake.engine.attach(id, attached, ATTACH);
  await fake.engine.start(id, {});
  const [first] = fake.shims.last.attached;
  assert.equal(first?.client, attached.stream);
  assert.equal(first?.options.stdin, true);
  assert.equal(String(first?.options.head), 'early');
  assert.deepEqual(fake.actions(id), ['create', 'attach', 'start']);
});

test('standard input and detach keys count only where the container has a use for them', async () => {
  using fake = new FakeEngine();
  const plain = await create(fake);
  await fake.engine.start(plain, {});
  await fake.engine.attach(plain, client(), ATTACH);
  const terminal = await create(fake, {}, { tty: true, openStdin: true });
  await fake.engine.start(terminal, {});
  await fake.engine.attach(terminal, client(), { ...ATTACH, detachKeys: 'ctrl-a' });
  const [first, second] = [...fake.shims.byPid.values()].map((shim) => shim.attached[0]?.options);
  assert.deepEqual([first?.stdin, [...(first?.detachKeys ?? [])]], [false, []]);
  assert.deepEqual([second?.stdin, [...(second?.detachKeys ?? [])]], [true, [1]]);
});

test('a failed start lets go of those who came for the process', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  const attached = client();
  await fake.engine.attach(id, attached, ATTACH);
  fake.shims.failures = [new Error('no')];
  await assert.rejects(fake.engine.start(id, {}));
  await turns();
  assert.ok(attached.hasEnded());
});

test('a client that the engine has to carry is connected through a stream', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  await fake.engine.start(id, {});
  const [stream, far] = pair();
  await fake.engine.attach(id, { stream, passable: false, head: Buffer.alloc(0) }, ATTACH);
  const there = fake.shims.last.attached[0]?.client as typeof far;
  there.write('from the process');
  far.write('from the client');
  await turns();
  assert.equal(String(far.read()), 'from the process');
  assert.equal(String(there.read()), 'from the client');
});

test('attach to what is paused, and resize of what doesn’t run, are refused', async () => {
  using fake = new FakeEngine();
  const id = await create(fake);
  await assert.rejects(fake.engine.resize(id, { rows: 1, columns: 2 }), { message: `container ${id} is not running` });
  await fake.engine.start(id, {});
  await fake.engine.resize(id, { rows: 1, columns: 2 });
  assert.deepEqual(fake.shims.last.sizes, [{ rows: 1, columns: 2 }]);
  await fake.engine.pause(id);
  await assert.rejects(fake.engine.attach(id, client(), ATTACH), { code: 'conflict' });
});
