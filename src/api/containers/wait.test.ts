// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerBackend } from '#api/backend.ts';
import { fakeEngine } from '#api/testing/fake-engine.ts';
import { startApi } from '#api/testing/start-api.ts';
import { notFound } from '#core/errors.ts';
import type { AttachedClient, WaitCondition, WaitResult } from '#model/client.ts';

/** An engine whose only container ends when the test says so. */
function waitingEngine(handOver: ContainerBackend['handOverWait'] = async () => false) {
  const end = Promise.withResolvers<WaitResult>();
  const asked: { condition: WaitCondition; signal: AbortSignal }[] = [];
  const wait: ContainerBackend['wait'] = async (ref, condition, signal) => {
    if (ref === 'nobody') throw notFound('No such container: nobody');
    asked.push({ condition, signal });
    return { id: 'full-id', result: end.promise };
  };
  return { end, asked, backend: fakeEngine({ containers: { wait, handOverWait: handOver } }) };
}

test('the head is sent before the container ends, the body after', async () => {
  const engine = waitingEngine();
  await using api = await startApi(engine.backend);
  const socket = api.connect();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.write('POST /containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(50);
  assert.match(received, /^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  assert.equal(engine.asked[0]?.condition, 'next-exit');
  engine.end.resolve({ exitCode: 3 });
  await delay(50);
  assert.match(received, /\{"StatusCode":3\}\n\r\n0\r\n\r\n$/);
  socket.destroy();
});

test('a client that goes away while it waits leaves no half of its connection behind', async () => {
  let handedBack = false;
  const engine = waitingEngine(async (_id, { stream }) => {
    await once(stream, 'close');
    handedBack = true;
    return false;
  });
  await using api = await startApi(engine.backend);
  const socket = api.connect();
  socket.resume();
  socket.write('POST /containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(50);
  socket.end();
  await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
  await delay(0);
  assert.deepEqual([handedBack, engine.asked[0]?.signal.aborted], [true, true]);
});

const BODIES: [version: string, condition: string, result: WaitResult, text: string][] = [
  ['1.55', 'removed', { exitCode: 0 }, '{"StatusCode":0}\n'],
  ['1.55', 'removed', { exitCode: 137, error: 'it broke' }, '{"StatusCode":137,"Error":{"Message":"it broke"}}\n'],
  ['1.33', 'removed', { exitCode: 137, error: 'it broke' }, ''],
  ['1.33', 'next-exit', { exitCode: 1, error: 'it broke' }, '{"StatusCode":1,"Error":{"Message":"it broke"}}\n'],
  ['1.24', 'nonsense', { exitCode: 2 }, '{"StatusCode":2}\n'],
];

for (const [version, condition, result, text] of BODIES) {
  test(`waiting in ${version} for ${condition} ends with ${JSON.stringify(text)}`, async () => {
    const engine = waitingEngine();
    await using api = await startApi(engine.backend);
    engine.end.resolve(result);
    const answer = await api.post(`/v${version}/containers/web/wait?condition=${condition}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.text, text);
  });
}

test('an unknown container and an unknown condition are told by the status', async () => {
  await using api = await startApi(waitingEngine().backend);
  assert.equal((await api.post('/containers/nobody/wait')).status, 404);
  const answer = await api.post('/containers/web/wait?condition=tomorrow');
  assert.deepEqual([answer.status, answer.json], [400, { message: 'invalid condition: "tomorrow"' }]);
});

test('a plain socket is handed over behind its head, and what the shim writes completes the answer', async () => {
  const handOver = async (id: string, { stream, passable }: AttachedClient, condition: WaitCondition) => {
    assert.deepEqual([id, passable, condition], ['full-id', true, 'not-running']);
    stream.end('11\r\n{"StatusCode":42}\r\n0\r\n\r\n');
    return true;
  };
  await using api = await startApi(waitingEngine(handOver).backend);
  const answer = await api.post('/containers/web/wait');
  assert.equal(answer.headers.connection, 'close');
  assert.deepEqual(answer.json, { StatusCode: 42 });
});

test('a client of HTTP 1.0 is not handed over: it can’t read chunks', async () => {
  const engine = waitingEngine(async () => assert.fail('handed over'));
  await using api = await startApi(engine.backend);
  engine.end.resolve({ exitCode: 5 });
  const answer = await api.raw('POST /containers/web/wait HTTP/1.0\r\n\r\n');
  assert.match(answer, /\r\n\r\n\{"StatusCode":5\}\n$/);
});

test('a client that goes away stops the waiting', async () => {
  const engine = waitingEngine();
  await using api = await startApi(engine.backend);
  const socket: Socket = api.connect();
  socket.write('POST /containers/web/wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(40);
  socket.destroy();
  await delay(40);
  assert.equal(engine.asked[0]?.signal.aborted, true);
});
