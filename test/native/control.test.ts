// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connectToShim } from '#runtime/shim-directory.ts';
import { FRAME } from '#runtime/shim-protocol.ts';
import type { Shim } from '#runtime/types.ts';
import { ATTACH_ALL, Lab, readAll } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

/** Puts `server` on a unix socket or a TCP port, and connects a plain client to it. */
async function clientOf(server: Server, kind: 'unix' | 'tcp'): Promise<Socket> {
  Object.assign(server, { httpAllowHalfOpen: true });
  if (kind === 'unix') server.listen(join(lab.directory, `${Math.random()}.sock`));
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  const options = { allowHalfOpen: true };
  return typeof address === 'string'
    ? connect({ path: address, ...options })
    : connect({ port: address.port, host: address.address, ...options });
}

const UPGRADE = 'POST /attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

for (const kind of ['unix', 'tcp'] as const) {
  test(`a client that was upgraded over ${kind} is served by the shim alone`, async () => {
    const { shim } = await lab.run(['sh', '-c', 'cat; echo end'], { stdin: 'once' });
    const server = createServer();
    server.on('upgrade', (_: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.write(SWITCHED);
      void shim.attach(socket, { ...ATTACH_ALL, head });
    });
    const client = await clientOf(server, kind);
    client.write(`${UPGRADE}sent together with the request `);
    await once(client, 'readable');
    server.close();
    server.closeAllConnections();
    client.end('and later\n');
    assert.equal((await readAll(client)).toString(), `${SWITCHED}sent together with the request and later\nend\n`);
    await shim.release();
  });

  test(`a client that waits over ${kind} gets the chunked body of its answer from the shim`, async () => {
    const { shim } = await lab.run(['sh', '-c', 'read go; exit 5'], { stdin: 'open' });
    const handedOver = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', Connection: 'close', Date: 'now' });
      response.flushHeaders();
      shim.handOverWait(request.socket, { untilReleased: false }).then(handedOver.resolve, handedOver.reject);
    });
    const client = await clientOf(server, kind);
    client.write('POST /wait HTTP/1.1\r\nHost: x\r\n\r\n');
    await handedOver.promise;
    server.close();
    server.closeAllConnections();
    (await shim.open({ ...ATTACH_ALL, head: Buffer.from('\n') })).resume();
    const answer = (await readAll(client)).toString();
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /transfer-encoding: chunked\r\n/i);
    assert.ok(answer.endsWith('\r\n\r\n11\r\n{"StatusCode":5}\n\r\n0\r\n\r\n'), answer);
    client.destroy();
    await shim.release();
  });
}

async function endOf(id: string, shim: Shim): Promise<void> {
  await lab.remove(id);
  await shim.exited;
  await shim.release();
}

test('what a shim does not understand it refuses, and goes on', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const connection = await connectToShim(shim.directory);
  assert.ok(connection);
  for (const [type, payload] of [
    [99, Buffer.alloc(0)],
    [FRAME.attach, Buffer.from([7, 0, 0, 0])],
    [FRAME.wait, Buffer.from([0])],
    [FRAME.resize, Buffer.from([1])],
    [FRAME.hello, Buffer.alloc(100_000)],
  ] as const) {
    await assert.rejects(connection.request(type, payload), /the shim refused/, `${type}`);
  }
  const file = process.stdin.fd;
  await assert.rejects(connection.request(FRAME.attach, Buffer.from([7, 200, 0, 0]), file), /malformed/);
  await shim.resize({ rows: 2, columns: 2 });
  connection.close();
  await endOf(id, shim);
});

test('a connection that sends nonsense is dropped, and only that', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const stranger = connect(join(shim.directory, 'shim.sock'));
  stranger.resume().write(Buffer.alloc(1000, 0xff));
  await once(stranger, 'close');
  await shim.resize({ rows: 2, columns: 2 });
  await endOf(id, shim);
});

test('several connections hear of the end', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const others = await Promise.all([lab.launcher.reconnect(shim.directory), lab.launcher.reconnect(shim.directory)]);
  await lab.remove(id);
  for (const each of [shim, ...others]) assert.equal((await each.exited).exitCode, 137);
  await shim.release();
});

test('a second start is no second process', async () => {
  const { id, shim } = await lab.run(['sh', '-c', 'echo once; sleep 100']);
  const connection = await connectToShim(shim.directory);
  await connection?.request(FRAME.start);
  await lab.waitForLog(id, 'once\n');
  connection?.close();
  await endOf(id, shim);
  assert.equal((await lab.logRecords(id)).length, 1);
});

test('the mounts of the host are as before', async () => {
  const mounts = (): string[] =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes('/sys/fs/cgroup'));
  const before = mounts();
  const { shim } = await lab.run(['true']);
  await shim.exited;
  assert.deepEqual(mounts(), before);
  await shim.release();
});
