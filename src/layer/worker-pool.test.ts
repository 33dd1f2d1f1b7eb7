// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { archive, file } from '#layer/layer-testing.ts';
import { WorkerPool, type WorkerPoolOptions } from '#layer/worker-pool.ts';
import type { ReceiveTask } from '#layer/worker-protocol.ts';
import { digestOf } from '#oci/digest.ts';

interface Fixture extends AsyncDisposable {
  pool: WorkerPool;
  directory: string;
}

function open(options?: WorkerPoolOptions): Fixture {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-pool-'));
  const pool = new WorkerPool(options);
  return {
    pool,
    directory,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const receiveInto = (directory: string): ReceiveTask => ({
  kind: 'receive',
  form: 'layer',
  directory,
  limits: { maxBytes: 1 << 30, maxEntries: 100 },
});

test('a stream of any chunk sizes arrives whole, and is hashed', async () => {
  await using fixture = open();
  const data = Buffer.alloc(5_000_000, 'some bytes ');
  for (const chunkBytes of [1000, 65_536, 3_000_000]) {
    const directory = join(fixture.directory, `${chunkBytes}`);
    mkdirSync(directory);
    const chunks = Array.from({ length: Math.ceil(data.length / chunkBytes) }, (_, i) =>
      data.subarray(i * chunkBytes, (i + 1) * chunkBytes),
    );
    const digests: string[] = [];
    await fixture.pool.run(receiveInto(directory), {
      input: Readable.from(chunks),
      onEvent: (event) => void ('file' in event && digests.push(event.file.digest)),
    });
    assert.deepEqual(digests, [digestOf(data)]);
    assert.ok(readFileSync(join(directory, '0')).equals(data));
  }
});

test('the sender is held back while the worker is busy', async () => {
  await using fixture = open({ size: 1 });
  let sentBytes = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sentBytes += 1 << 20;
      yield Buffer.alloc(1 << 20);
    }
  }
  const limits = { maxBytes: 40 << 20, maxEntries: 1 };
  await assert.rejects(
    fixture.pool.run({ ...receiveInto(fixture.directory), limits }, { input: endless() }),
    /larger than/,
  );
  assert.ok(sentBytes <= 60 << 20, `${sentBytes} bytes were sent`);
});

test('what the worker does not read is left in the stream, which stays open', async () => {
  await using fixture = open();
  const rest = Array.from({ length: 100 }, () => Buffer.alloc(1 << 20));
  const input = Readable.from([Buffer.from('1f8b0000bad0', 'hex'), ...rest]);
  await assert.rejects(fixture.pool.run(receiveInto(fixture.directory), { input }), { code: 'invalid-parameter' });
  await sleep(50);
  assert.equal(input.destroyed, false);
  input.destroy();
});

test('a task that fails says why, and the worker goes on', async () => {
  await using fixture = open({ size: 1 });
  const { pool, directory } = fixture;
  await assert.rejects(pool.run({ kind: 'size', path: join(directory, 'missing') }), /ENOENT/);
  writeFileSync(join(directory, 'bad.tar'), 'x'.repeat(1000));
  mkdirSync(join(directory, 'out'));
  const task = {
    kind: 'unpack',
    path: join(directory, 'bad.tar'),
    target: join(directory, 'out'),
    limits: { maxBytes: 1e6, maxEntries: 10 },
  } as const;
  await assert.rejects(pool.run(task), { name: 'EngineError', code: 'invalid-parameter' });
  writeFileSync(join(directory, 'good.tar'), archive(file('f', '12345')));
  assert.equal((await pool.run({ ...task, path: join(directory, 'good.tar') })).sizeBytes, 5);
  assert.equal(await pool.run({ kind: 'size', path: join(directory, 'out') }), 5);
});

test('a cancelled task ends with the reason, whether it waits or runs', async () => {
  await using fixture = open({ size: 1 });
  const controller = new AbortController();
  const stalled = new Readable({ read() {} });
  stalled.push(Buffer.alloc(1_500_000));
  const running = fixture.pool.run(receiveInto(fixture.directory), { input: stalled, signal: controller.signal });
  const before = fixture.pool.run({ kind: 'size', path: fixture.directory });
  const waiting = fixture.pool.run({ kind: 'size', path: fixture.directory }, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await Promise.all([assert.rejects(running, /enough/), assert.rejects(waiting, /enough/)]);
  assert.ok((await before) >= 0);
  stalled.destroy();
});

test('removals come after everything else that waits', async () => {
  await using fixture = open({ size: 1 });
  const { pool, directory } = fixture;
  mkdirSync(join(directory, 'doomed'));
  const order: string[] = [];
  await Promise.all([
    pool.run({ kind: 'size', path: directory }).then(() => order.push('first')),
    pool.run({ kind: 'remove', path: join(directory, 'doomed') }).then(() => order.push('remove')),
    pool.run({ kind: 'size', path: directory }).then(() => order.push('last')),
  ]);
  assert.deepEqual(order, ['first', 'last', 'remove']);
  assert.equal(existsSync(join(directory, 'doomed')), false);
});

test('streams that stall keep nobody else from work', async () => {
  await using fixture = open({ size: 1 });
  const controller = new AbortController();
  const stalled = [1, 2, 3].map(() => new Readable({ read() {} }));
  const receiving = stalled.map((input, i) => {
    mkdirSync(join(fixture.directory, `${i}`));
    return fixture.pool.run(receiveInto(join(fixture.directory, `${i}`)), { input, signal: controller.signal });
  });
  assert.equal(typeof (await fixture.pool.run({ kind: 'size', path: fixture.directory })), 'number');
  controller.abort(new Error('enough'));
  for (const result of await Promise.allSettled(receiving)) assert.equal(result.status, 'rejected');
});

const threads = (): number => readdirSync('/proc/self/task').length;

test('workers that have nothing to do end', async () => {
  const before = threads();
  await using fixture = open({ idleMs: 20, size: 3 });
  await Promise.all([1, 2, 3].map(() => fixture.pool.run({ kind: 'size', path: fixture.directory })));
  for (let i = 0; i < 100 && threads() > before; i++) await sleep(20);
  assert.ok(threads() <= before);
  assert.equal(await fixture.pool.run({ kind: 'size', path: fixture.directory }), 0);
});

test('disposing fails what runs', async () => {
  const { pool, directory } = open({ size: 1 });
  const stalled = new Readable({ read() {} });
  const results = Promise.allSettled([pool.run(receiveInto(directory), { input: stalled })]);
  await sleep(50);
  await pool[Symbol.asyncDispose]();
  assert.deepEqual(
    (await results).map(({ status }) => status),
    ['rejected'],
  );
  stalled.destroy();
  rmSync(directory, { recursive: true, force: true });
});
