// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { sharedDaemon } from '#test/support/daemon.ts';
import { readAll, splitFrames } from '#test/support/frames.ts';

const STREAMS = 'stream=1&stdin=1&stdout=1&stderr=1';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('attach', () => {
  const daemon = sharedDaemon();
  const interactive = (cmd: string[], more: object = {}) =>
    daemon().create({ Cmd: cmd, OpenStdin: true, StdinOnce: true, AttachStdin: true, ...more });

  test('carries megabytes of any bytes both ways, and the end of the input', async () => {
    const id = await interactive(['cat']);
    const { status, headers, socket, head } = await daemon().api.hijack('POST', `/containers/${id}/attach?${STREAMS}`);
    assert.deepEqual([status, headers.upgrade], [101, 'tcp']);
    assert.equal(headers['content-type'], 'application/vnd.docker.multiplexed-stream');
    await daemon().api.post(`/containers/${id}/start`);
    const bytes = randomBytes(5 << 20);
    const output = readAll(socket, head);
    socket.end(bytes);
    assert.equal(sha256(splitFrames(await output).stdout), sha256(bytes));
    assert.equal(await daemon().wait(id), 0);
  });

  test('keeps output and error output apart', async () => {
    const id = await daemon().create({ Cmd: ['sh', '-c', 'echo one; echo two >&2; printf three'] });
    const { socket, head } = await daemon().api.hijack('POST', `/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
    await daemon().api.post(`/containers/${id}/start`);
    const { stdout, stderr } = splitFrames(await readAll(socket, head));
    assert.deepEqual([stdout.toString(), stderr.toString()], ['one\nthree', 'two\n']);
  });

  test('shows what was logged before when asked, and ends when logs are all that was asked for', async () => {
    const id = await daemon().runShell('echo before');
    await daemon().wait(id);
    const { socket, head } = await daemon().api.hijack('POST', `/containers/${id}/attach?logs=1&stdout=1&stderr=1`);
    assert.equal(splitFrames(await readAll(socket, head)).stdout.toString(), 'before\n');
  });

  test('a terminal is raw bytes, and has the size it is given', async () => {
    const id = await interactive(['sh', '-c', 'read x; stty size; echo $x'], { Tty: true });
    const { headers, socket, head } = await daemon().api.hijack('POST', `/containers/${id}/attach?${STREAMS}`);
    assert.equal(headers['content-type'], 'application/vnd.docker.raw-stream');
    await daemon().api.post(`/containers/${id}/start`);
    assert.equal((await daemon().api.post(`/containers/${id}/resize?h=33&w=99`)).status, 200);
    const output = readAll(socket, head);
    socket.write('word\n');
    assert.equal((await output).toString(), 'word\r\n33 99\r\nword\r\n');
  });

  test('the detach keys let go and leave the container running', async () => {
    const id = await interactive(['cat'], { StdinOnce: false, Tty: true });
    const path = `/containers/${id}/attach?${STREAMS}&detachKeys=ctrl-x,y`;
    const { socket, head } = await daemon().api.hijack('POST', path);
    await daemon().api.post(`/containers/${id}/start`);
    const output = readAll(socket, head);
    socket.write('\x18y');
    await output;
    assert.equal((await daemon().api.get(`/containers/${id}/json`)).json.State.Running, true);
  });

  test('a client without Upgrade gets the stream after a 200, and may end its half first', async () => {
    const id = await interactive(['sh', '-c', 'cat; sleep 0.2; echo last']);
    const socket = connect({ path: daemon().places.socket, allowHalfOpen: true });
    const output = readAll(socket);
    socket.write(
      `POST /v1.24/containers/${id}/attach?${STREAMS} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n`,
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    await daemon().api.post(`/containers/${id}/start`);
    socket.end('first\n');
    const bytes = await output;
    const at = bytes.indexOf('\r\n\r\n') + 4;
    assert.match(bytes.subarray(0, at).toString(), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(splitFrames(bytes.subarray(at)).stdout.toString(), 'first\nlast\n');
  });

  test('several clients see the same', async () => {
    const id = await daemon().create({ Cmd: ['sh', '-c', 'seq 1 5000'] });
    const path = `/containers/${id}/attach?stream=1&stdout=1`;
    const clients = await Promise.all(Array.from({ length: 5 }, () => daemon().api.hijack('POST', path)));
    await daemon().api.post(`/containers/${id}/start`);
    const outputs = await Promise.all(clients.map(({ socket, head }) => readAll(socket, head)));
    const expected = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join('');
    for (const output of outputs) assert.equal(splitFrames(output).stdout.toString(), expected);
  });

  test('a client that does not read holds the others up only as long as it is there', async () => {
    const id = await daemon().create({ Cmd: ['sh', '-c', 'head -c 8000000 /dev/zero; echo done'] });
    const path = `/containers/${id}/attach?stream=1&stdout=1`;
    const [idle, reader] = [await daemon().api.hijack('POST', path), await daemon().api.hijack('POST', path)];
    idle.socket.pause();
    await daemon().api.post(`/containers/${id}/start`);
    const output = readAll(reader.socket, reader.head);
    await new Promise((resolve) => setTimeout(resolve, 300));
    idle.socket.destroy();
    assert.equal(splitFrames(await output).stdout.length, 8_000_005);
    assert.equal(await daemon().wait(id), 0);
  });

  test('a websocket carries the stream too', async () => {
    const { WebSocket } = await import('ws');
    const id = await interactive(['sh', '-c', 'read x; echo "got $x"']);
    const address = `ws+unix://${daemon().places.socket}:/containers/${id}/attach/ws?${STREAMS}`;
    const socket = new WebSocket(address);
    const texts: string[] = [];
    socket.on('message', (data) => texts.push(String(data)));
    await once(socket, 'open');
    await daemon().api.post(`/containers/${id}/start`);
    socket.send('over\n');
    await once(socket, 'close');
    assert.equal(texts.join(''), 'got over\n');
  });
});

describe('exec start', () => {
  const daemon = sharedDaemon();

  test('input, output and exit code of a process that is added', async () => {
    const id = await daemon().runShell('sleep 600');
    const body = { Cmd: ['sh', '-c', 'cat; exit 5'], AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const { json } = await daemon().api.post(`/containers/${id}/exec`, body);
    const start = { body: { Detach: false, Tty: false } };
    const { socket, head } = await daemon().api.hijack('POST', `/exec/${json.Id}/start`, start);
    const bytes = randomBytes(1 << 20);
    const output = readAll(socket, head);
    socket.end(bytes);
    assert.equal(sha256(splitFrames(await output).stdout), sha256(bytes));
    const inspected = (await daemon().api.get(`/exec/${json.Id}/json`)).json;
    assert.deepEqual([inspected.Running, inspected.ExitCode, inspected.ContainerID], [false, 5, id]);
  });

  test('an exec runs once', async () => {
    const id = await daemon().runShell('sleep 600');
    const { json } = await daemon().api.post(`/containers/${id}/exec`, { Cmd: ['true'] });
    assert.equal((await daemon().api.post(`/exec/${json.Id}/start`, { Detach: true })).status, 200);
    const again = await daemon().api.post(`/exec/${json.Id}/start`, { Detach: true });
    assert.equal(again.status, 409);
    assert.match(again.json.message, /exec .* (has already run|is already running|has already)/i);
  });
});
