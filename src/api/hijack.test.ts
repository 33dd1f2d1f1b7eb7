// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { conflict, notFound } from '#core/errors.ts';
import type { AttachedClient, AttachOptions } from '#model/client.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import { CONTAINER_ID, EXEC_ID, sampleExec, sampleRecord, sampleView } from './testing/samples.ts';
import { type RunningApi, startApi } from './testing/start-api.ts';

/** An engine whose containers answer everything with `echo: `, and end when their input ends. */
function echoEngine(tty = false) {
  const attached: { client: AttachedClient; options: AttachOptions }[] = [];
  const started: object[] = [];
  const record = sampleRecord();
  const view = sampleView({ config: { ...record.config, tty } });
  return {
    attached,
    started,
    backend: fakeEngine({
      containers: {
        inspect: async () => view,
        attach: async (_ref, client, options) => {
          attached.push({ client, options });
          echo(client);
        },
      },
      execs: {
        checkStart: async () => sampleExec(),
        start: async (_id, options) => {
          started.push(options);
          if (options.client) echo(options.client);
        },
      },
    }),
  };
}

function echo({ stream, head }: AttachedClient): void {
  const reply = (data: Buffer) => stream.write(`echo: ${data}`);
  if (head.length > 0) reply(head);
  stream.on('data', reply);
  stream.on('end', () => setTimeout(() => stream.end('bye'), 20));
}

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';

/** Sends the parts one after another; `null` closes the client's half. Returns all that came back. */
async function converse(api: RunningApi, ...parts: (string | null)[]): Promise<string> {
  const socket: Socket = api.connect();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('end', () => socket.end());
  for (const part of parts) {
    if (part === null) socket.end();
    else socket.write(part);
    await delay(40);
  }
  if (!socket.closed) await once(socket, 'close');
  return received;
}

const headOf = (text: string): string[] => text.split('\r\n\r\n')[0]?.split('\r\n') ?? [];
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

test('attach with Upgrade leaves HTTP with 101 and keeps what follows half-closing', async () => {
  const engine = echoEngine();
  await using api = await startApi(engine.backend);
  const request = `POST /v1.44/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`;
  const answer = await converse(api, request, 'one', 'two', null);
  assert.deepEqual(headOf(answer).slice(0, 4), [
    'HTTP/1.1 101 UPGRADED',
    'Content-Type: application/vnd.docker.multiplexed-stream',
    'Connection: Upgrade',
    'Upgrade: tcp',
  ]);
  assert.equal(bodyOf(answer), 'echo: oneecho: twobye');
  const [{ client, options }] = engine.attached as [(typeof engine.attached)[0]];
  assert.equal(client.passable, true);
  assert.deepEqual(options, {
    stdin: true,
    stdout: true,
    stderr: false,
    logs: false,
    stream: true,
    detachKeys: '',
    multiplexed: true,
  });
});

test('input sent together with the request is handed on as the head', async () => {
  const engine = echoEngine();
  await using api = await startApi(engine.backend);
  const request = `POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\nearly`;
  assert.equal(bodyOf(await converse(api, request, null)), 'echo: earlybye');
  assert.equal(engine.attached[0]?.client.head.toString(), 'early');
});

const CONTENT_TYPES: [version: string, tty: boolean, type: string][] = [
  ['1.41', false, 'raw'],
  ['1.42', false, 'multiplexed'],
  ['1.55', false, 'multiplexed'],
  ['1.42', true, 'raw'],
];

for (const [version, tty, type] of CONTENT_TYPES) {
  test(`attach in ${version} ${tty ? 'with' : 'without'} a terminal is a ${type} stream`, async () => {
    const engine = echoEngine(tty);
    await using api = await startApi(engine.backend);
    const request = `POST /v${version}/containers/web/attach HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`;
    const head = headOf(await converse(api, request, null));
    assert.ok(head.includes(`Content-Type: application/vnd.docker.${type}-stream`), head.join('\n'));
    assert.equal(engine.attached[0]?.options.multiplexed, !tty);
  });
}

test('attach without Upgrade hijacks in the old way', async () => {
  const engine = echoEngine();
  await using api = await startApi(engine.backend);
  const request = 'POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const answer = await converse(api, request, 'one', 'two', null);
  assert.deepEqual(headOf(answer).slice(0, 2), ['HTTP/1.1 200 OK', 'Content-Type: application/vnd.docker.raw-stream']);
  assert.equal(bodyOf(answer), 'echo: oneecho: twobye');
  assert.equal(engine.attached[0]?.client.passable, true);
});

test('without Upgrade, a chunked body is the input', async () => {
  const engine = echoEngine();
  await using api = await startApi(engine.backend);
  const request = 'POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const answer = await converse(api, request, '3\r\none\r\n', '0\r\n\r\n');
  assert.equal(bodyOf(answer), 'echo: onebye');
  assert.equal(engine.attached[0]?.client.passable, false);
});

const EXEC_BODY = '{"Detach":false,"Tty":false}';
const EXEC_HEAD = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${EXEC_BODY.length}\r\n`;

const EXEC_STARTS: [title: string, parts: string[], status: string][] = [
  ['its body in the same packet', [`${UPGRADE}\r\n${EXEC_BODY}`, 'one'], 'HTTP/1.1 101 UPGRADED'],
  ['its body in a packet of its own', [`${UPGRADE}\r\n`, EXEC_BODY, 'one'], 'HTTP/1.1 101 UPGRADED'],
  ['its body in pieces', [`${UPGRADE}\r\n`, EXEC_BODY.slice(0, 9), EXEC_BODY.slice(9), 'one'], 'HTTP/1.1 101 UPGRADED'],
  ['no Upgrade', [`\r\n${EXEC_BODY}`, 'one'], 'HTTP/1.1 200 OK'],
];

for (const [title, [first = '', ...rest], status] of EXEC_STARTS) {
  test(`exec start with ${title} connects the plain socket`, async () => {
    const engine = echoEngine();
    await using api = await startApi(engine.backend);
    const answer = await converse(api, `POST /exec/${EXEC_ID}/start HTTP/1.1\r\n${EXEC_HEAD}${first}`, ...rest, null);
    assert.equal(headOf(answer)[0], status);
    assert.ok(headOf(answer).includes('Api-Version: 1.55'));
    assert.equal(bodyOf(answer), 'echo: onebye');
    const [options] = engine.started as [{ client: AttachedClient; multiplexed: boolean }];
    assert.equal(options.client.passable, true);
    assert.equal(options.multiplexed, true);
  });
}

test('exec start with body and input in one packet loses nothing', async () => {
  await using api = await startApi(echoEngine().backend);
  const request = `POST /exec/${EXEC_ID}/start HTTP/1.1\r\n${EXEC_HEAD}${UPGRADE}\r\n${EXEC_BODY}one`;
  assert.equal(bodyOf(await converse(api, request, 'two', null)), 'echo: oneecho: twobye');
});

test('a detached exec is answered without leaving HTTP', async () => {
  const engine = echoEngine();
  await using api = await startApi(engine.backend);
  const answer = await api.post(`/exec/${EXEC_ID}/start`, { Detach: true });
  assert.equal(answer.status, 200);
  assert.deepEqual(engine.started, [{ tty: false, detach: true, multiplexed: true }]);
});

test('what is wrong before the hijack is answered in HTTP', async () => {
  const paused = sampleView({ state: { status: 'paused', pid: 1, startedAt: new Date() } });
  const inspect = async (ref: string) => {
    if (ref === 'paused') return paused;
    throw notFound(`No such container: ${ref}`);
  };
  const checkStart = async () => {
    throw conflict('exec is already running');
  };
  await using api = await startApi(fakeEngine({ containers: { inspect }, execs: { checkStart } }));
  const unknown = await api.raw(`POST /containers/x/attach HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
  assert.match(unknown, /^HTTP\/1.1 404 Not Found\r\n[\s\S]*\{"message":"No such container: x"\}\n$/);
  const paused409 = await api.post('/containers/paused/attach');
  assert.equal(paused409.status, 409);
  assert.match(paused409.json.message, new RegExp(`^container ${CONTAINER_ID} is paused`));
  const running = await api.raw(`POST /exec/x/start HTTP/1.1\r\n${EXEC_HEAD}${UPGRADE}\r\n${EXEC_BODY}`);
  assert.match(running, /^HTTP\/1.1 409 Conflict\r\n[\s\S]*exec is already running/);
});

test('detach keys that are none are refused before the hijack', async () => {
  await using api = await startApi(echoEngine().backend);
  const answer = await api.post('/containers/web/attach?detachKeys=ctrl-1');
  assert.equal(answer.status, 400);
  assert.equal(answer.json.message, 'Invalid detach keys (ctrl-1) provided');
});

test('what goes wrong after the hijack is told in the stream', async () => {
  const attach = async () => {
    throw conflict('the container just ended');
  };
  await using api = await startApi(fakeEngine({ containers: { inspect: async () => sampleView(), attach } }));
  const answer = await converse(api, `POST /containers/x/attach HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`, null);
  assert.equal(bodyOf(answer), 'the container just ended\r\n');
});

for (const [version, isBinary] of [
  ['1.27', false],
  ['1.55', true],
] as const) {
  test(`a websocket of ${version} carries the streams in ${isBinary ? 'binary' : 'text'} messages`, async () => {
    const engine = echoEngine();
    await using api = await startApi(engine.backend);
    const socket = new WebSocket(
      `ws+unix://${api.socketPath}:/v${version}/containers/web/attach/ws?stream=1&stdin=1&stdout=1`,
    );
    await once(socket, 'open');
    socket.send('one');
    const [data, binary] = await once(socket, 'message');
    assert.equal(String(data), 'echo: one');
    assert.equal(binary, isBinary);
    socket.close();
    await once(socket, 'close');
    assert.deepEqual([engine.attached[0]?.client.passable, engine.attached[0]?.options.multiplexed], [false, false]);
    assert.equal(engine.attached[0]?.options.stderr, version === '1.27');
  });
}

test('a websocket path without its handshake is refused in HTTP', async () => {
  await using api = await startApi(echoEngine().backend);
  assert.equal((await api.get('/containers/web/attach/ws')).status, 400);
  const bad = await api.raw(`GET /containers/web/attach/ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
  assert.match(bad, /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*websocket handshake/);
});

test('stopping ends the connections that are no longer HTTP', async () => {
  const silent = async () => {};
  const api = await startApi(fakeEngine({ containers: { inspect: async () => sampleView(), attach: silent } }));
  const connections = [UPGRADE, ''].map((upgrade) => {
    const socket = api.connect();
    socket.on('data', () => {});
    socket.on('end', () => socket.end());
    socket.write(`POST /containers/x/attach HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    return socket;
  });
  const closed = Promise.all(connections.map((socket) => once(socket, 'close')));
  await delay(50);
  const begun = Date.now();
  await api.api.stop(3_000);
  await closed;
  assert.ok(Date.now() - begun < 1_000, 'stop waited for connections that nobody ends');
  await api[Symbol.asyncDispose]();
});
