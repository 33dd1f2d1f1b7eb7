// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShimAttach } from '#runtime/types.ts';
import { ATTACH_ALL, demultiplex, Lab, readAll, readUntil } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A client on a real socket: `client` is its end, `server` the one that an HTTP server would have. */
async function connectedClient(): Promise<{ client: Socket; server: Socket }> {
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  listener.listen(join(lab.directory, `client-${randomBytes(6).toString('hex')}.sock`));
  await once(listener, 'listening');
  const client = connect({ path: listener.address() as string, allowHalfOpen: true });
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return { client, server };
}

const attachment = (server: Socket, options: Partial<ShimAttach> = {}) => ({
  client: server,
  passable: true,
  options: { ...ATTACH_ALL, ...options },
});

test('50 MB of binary output reach every client and the log source unchanged', async () => {
  const bytes = randomBytes(50_000_000);
  writeFileSync(join(lab.directory, 'rootfs/binary'), bytes);
  const raw = await connectedClient();
  const framed = await connectedClient();
  const attachments = [attachment(raw.server), attachment(framed.server, { multiplexed: true })];
  const log = { driver: 'none' } as const;
  const [{ shim }, rawBytes, frames] = await Promise.all([
    lab.run(['cat', '/binary'], { attachments, log }),
    readAll(raw.client),
    readAll(framed.client),
  ]);
  assert.equal(sha256(rawBytes), sha256(bytes));
  const parts: Buffer[] = [];
  for (let offset = 0; offset < frames.length; offset += 8 + frames.readUInt32BE(offset + 4)) {
    assert.equal(frames.readUInt32BE(offset) >>> 24, 1);
    parts.push(frames.subarray(offset + 8, offset + 8 + frames.readUInt32BE(offset + 4)));
  }
  assert.equal(sha256(Buffer.concat(parts)), sha256(bytes));
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});

test('the log and two clients all have every line of a long output', async () => {
  const one = await connectedClient();
  const two = await connectedClient();
  const attachments = [attachment(one.server), attachment(two.server)];
  const [{ id, shim }, first, second] = await Promise.all([
    lab.run(['seq', '1', '300000'], { attachments }),
    readAll(one.client),
    readAll(two.client),
  ]);
  const expected = `${Array.from({ length: 300_000 }, (_, index) => index + 1).join('\n')}\n`;
  assert.equal(first.toString(), expected);
  assert.equal(second.toString(), expected);
  await shim.exited;
  const logged = await lab.logRecords(id);
  assert.equal(logged.map(({ log }) => log).join(''), expected);
  await shim.release();
});

test('a single client without a log gets all bytes in order, however slowly it reads', async () => {
  const bytes = randomBytes(12_000_000);
  writeFileSync(join(lab.directory, 'rootfs/single'), bytes);
  for (const multiplexed of [false, true]) {
    const { client, server } = await connectedClient();
    const attachments = [attachment(server, { multiplexed })];
    const script = 'cat /single; dd if=/single bs=50000 2>/dev/null; echo end >&2';
    const { shim } = await lab.run(['sh', '-c', script], { log: { driver: 'none' }, attachments });
    const chunks: Buffer[] = [];
    for await (const chunk of client) {
      chunks.push(chunk);
      if (chunks.length % 50 === 0) await sleep(5);
    }
    const expected = Buffer.concat([bytes, bytes, Buffer.from('end\n')]);
    const received = multiplexed ? payloads(Buffer.concat(chunks)) : Buffer.concat(chunks);
    assert.equal(sha256(received), sha256(expected));
    await shim.release();
  }
});

/** What all frames of a multiplexed stream carry. */
function payloads(frames: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < frames.length; offset += 8 + frames.readUInt32BE(offset + 4)) {
    parts.push(frames.subarray(offset + 8, offset + 8 + frames.readUInt32BE(offset + 4)));
  }
  return Buffer.concat(parts);
}

test('standard output and standard error are framed apart, and a client gets only what it asked for', async () => {
  const both = await connectedClient();
  const errors = await connectedClient();
  const attachments = [
    attachment(both.server, { multiplexed: true }),
    attachment(errors.server, { stdout: false, multiplexed: true }),
  ];
  const script = 'echo out; echo err >&2';
  const [{ shim }, all, some] = await Promise.all([
    lab.run(['sh', '-c', script], { attachments }),
    readAll(both.client),
    readAll(errors.client),
  ]);
  assert.deepEqual(demultiplex(all), { 1: 'out\n', 2: 'err\n' });
  assert.deepEqual(demultiplex(some), { 2: 'err\n' });
  await shim.release();
});

test('what a client sent before it was attached, at once and later arrives in order', async () => {
  const { client, server } = await connectedClient();
  client.write('second ');
  server.on('readable', () => {});
  await once(server, 'readable');
  server.removeAllListeners('readable');
  const options = { head: Buffer.from('first ') };
  const output = readAll(client);
  const { shim } = await lab.run(['cat'], { stdin: 'once', attachments: [attachment(server, options)] });
  client.end('third');
  assert.equal((await output).toString(), 'first second third');
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});

test('100 MB of input arrive unchanged, although the process is slower than the client', async () => {
  const { shim } = await lab.run(['sh', '-c', 'sleep 0.2; sha256sum'], { stdin: 'once' });
  const stream = await shim.open(ATTACH_ALL);
  const block = randomBytes(1_000_000);
  const hash = createHash('sha256');
  const output = readAll(stream);
  for (let i = 0; i < 100; i++) {
    hash.update(block);
    if (!stream.write(block)) await once(stream, 'drain');
  }
  stream.end();
  assert.equal((await output).toString(), `${hash.digest('hex')}  -\n`);
  await shim.release();
});

test('after a client ended its input its output goes on', async () => {
  const { shim } = await lab.run(['sh', '-c', 'cat; sleep 0.3; echo later'], { stdin: 'once' });
  const stream = await shim.open(ATTACH_ALL);
  stream.end('input\n');
  assert.equal((await readAll(stream)).toString(), 'input\nlater\n');
  await shim.release();
});

test('with stdin kept open the end of one client is not the end of the input', async () => {
  const { shim } = await lab.run(['sh', '-c', 'read a; read b; echo $a $b'], { stdin: 'open' });
  const first = await shim.open({ ...ATTACH_ALL, stdout: false });
  first.end('one\n');
  const second = await shim.open(ATTACH_ALL);
  second.write('two\n');
  assert.equal((await readAll(second)).toString(), 'one two\n');
  second.destroy();
  await shim.release();
});

test('closeStdin ends the input of the process', async () => {
  const { shim } = await lab.run(['cat'], { stdin: 'open' });
  await shim.closeStdin();
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});

test('without stdin the process reads an end of file at once', async () => {
  const { shim } = await lab.run(['cat'], { stdin: 'closed' });
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});

test('a process that does not read its input does not hang the client', async () => {
  const { shim } = await lab.run(['sh', '-c', 'exec 0<&-; sleep 0.2; echo done'], { stdin: 'once' });
  const stream = await shim.open(ATTACH_ALL);
  const output = readAll(stream);
  stream.end(Buffer.alloc(3_000_000));
  assert.equal((await output).toString(), 'done\n');
  await shim.release();
});

test('a client that does not read holds the process back, loses nothing, and others have what was read', async () => {
  const hanging = await shimWithFlood();
  const other = await hanging.shim.open({ ...ATTACH_ALL, stdin: false });
  let seen = 0;
  other.on('data', (chunk: Buffer) => {
    seen += chunk.length;
  });
  await sleep(500);
  const held = seen;
  await sleep(200);
  assert.equal(seen, held, 'the output went on');
  const all = await readAll(hanging.stream);
  assert.equal(all.length, 20_000_000);
  assert.equal((await hanging.shim.exited).exitCode, 0);
  await hanging.shim.release();
});

async function shimWithFlood() {
  const launched = await lab.run(['sh', '-c', 'read go; head -c 20000000 /dev/zero'], {
    stdin: 'open',
    log: { driver: 'none' },
  });
  const stream = await launched.shim.open(ATTACH_ALL);
  stream.pause();
  stream.write('go\n');
  return { ...launched, stream };
}

test('a client that dies without reading does not hold the process back', async () => {
  const { shim, stream } = await shimWithFlood();
  await sleep(300);
  stream.destroy();
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
});

test('a client that reads late gets the rest after the process has ended and was released', async () => {
  const { shim } = await lab.run(['sh', '-c', 'read go; head -c 300000 /dev/zero'], { stdin: 'open' });
  const stream = await shim.open(ATTACH_ALL);
  stream.pause();
  stream.write('go\n');
  assert.equal((await shim.exited).exitCode, 0);
  await shim.release();
  assert.equal((await readAll(stream)).length, 300_000);
});

test('a terminal has the size it was started with, and is told when that changes', async () => {
  const script = 'trap "stty size; exit 7" WINCH; stty size; while :; do sleep 0.05; done';
  const { server, client } = await connectedClient();
  const { shim } = await lab.run(['sh', '-c', script], {
    tty: true,
    stdin: 'open',
    consoleSize: [30, 90],
    attachments: [attachment(server)],
  });
  assert.match(await readUntil(client, '\r\n'), /30 90/);
  await shim.resize({ rows: 40, columns: 120 });
  assert.match((await readAll(client)).toString(), /40 120/);
  assert.equal((await shim.exited).exitCode, 7);
  await shim.release();
});

test('detach keys end that client only, and a broken-off sequence is passed on', async () => {
  const detachKeys = Uint8Array.of(16, 17);
  const { shim } = await lab.run(['sh', '-c', 'stty raw -echo; echo ready; exec cat'], { tty: true, stdin: 'open' });
  const one = await shim.open({ ...ATTACH_ALL, detachKeys });
  const two = await shim.open({ ...ATTACH_ALL, detachKeys });
  await sleep(300);
  two.write(Uint8Array.of(16, 97, 16, 16, 98));
  assert.ok((await readUntil(two, 'b')).endsWith('\u0010a\u0010\u0010b'));
  one.write('x');
  await readUntil(one, 'x');
  one.write(Uint8Array.of(16));
  one.write(Uint8Array.of(17));
  assert.equal((await readAll(one)).toString(), '');
  two.write('still here');
  assert.match(await readUntil(two, 'here'), /still here/);
  two.destroy();
  await lab.remove(lab.containerOf(shim));
  assert.equal((await shim.exited).signal, 9);
  await shim.release();
});

test('without a terminal bytes that look like detach keys are data', async () => {
  const { shim } = await lab.run(['cat'], { stdin: 'once' });
  const stream = await shim.open({ ...ATTACH_ALL, detachKeys: Uint8Array.of(16, 17) });
  stream.end(Uint8Array.of(16, 17, 65));
  assert.deepEqual([...(await readAll(stream))], [16, 17, 65]);
  await shim.release();
});

test('an exec has streams of its own and reports its own exit code', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const { client, server } = await connectedClient();
  const output = readAll(client);
  const exec = await lab.exec(id, ['sh', '-c', 'cat; echo e >&2; exit 5'], {
    stdin: 'once',
    attachments: [attachment(server, { multiplexed: true })],
  });
  client.end('input');
  assert.deepEqual(demultiplex(await output), { 1: 'input', 2: 'e\n' });
  assert.equal((await exec.exited).exitCode, 5);
  await exec.release();
  await lab.remove(id);
  assert.equal((await shim.exited).exitCode, 137);
  await shim.release();
});

test('an exec on a terminal is one stream', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const { client, server } = await connectedClient();
  const output = readAll(client);
  const exec = await lab.exec(id, ['sh', '-c', 'tty; echo e >&2'], {
    tty: true,
    stdin: 'once',
    attachments: [attachment(server)],
  });
  assert.match((await output).toString(), /\/dev\/pts\/\d+\r\ne\r\n/);
  await exec.release();
  await lab.remove(id);
  await shim.exited;
  await shim.release();
});

test('processes that an exec leaves behind are heard for two seconds, not for ever', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const { client, server } = await connectedClient();
  const output = readAll(client);
  const startedAt = Date.now();
  const script = '(sleep 0.3; echo late; sleep 60) & echo early';
  const exec = await lab.exec(id, ['sh', '-c', script], { attachments: [attachment(server)] });
  assert.equal((await output).toString(), 'early\nlate\n');
  assert.equal((await exec.exited).exitCode, 0);
  assert.ok(Date.now() - startedAt < 6000);
  await exec.release();
  await lab.remove(id);
  await shim.exited;
  await shim.release();
});

test('the container sees three descriptors and nothing of the engine', async () => {
  const { client, server } = await connectedClient();
  const [{ id, shim }, output] = await Promise.all([
    lab.run(['sh', '-c', 'ls /proc/1/fd; readlink /proc/1/cwd; ps -o pid,comm; sleep 100'], {
      attachments: [attachment(server)],
    }),
    readUntil(client, 'ps\n'),
  ]);
  assert.match(output, /^0\n1\n2\n\/\n/);
  const exec = await connectedClient();
  const [execShim, listed] = await Promise.all([
    lab.exec(id, ['sh', '-c', 'ls /proc/$$/fd; true'], { attachments: [attachment(exec.server)] }),
    readAll(exec.client),
  ]);
  assert.match(listed.toString(), /^0\n1\n2\n$/);
  await execShim.release();
  await lab.remove(id);
  await shim.exited;
  await shim.release();
});

test("if the start fails the clients are still the caller's, with what they sent", async () => {
  const passed = await connectedClient();
  const carried = await connectedClient();
  const attachments = [attachment(passed.server), { ...attachment(carried.server), passable: false }];
  passed.client.write('from the client');
  carried.client.write('from the client');
  await assert.rejects(lab.run(['/no/such'], { stdin: 'once', attachments }), { exitCode: 127 });
  for (const { client, server } of [passed, carried]) {
    assert.equal(await readUntil(server, 'client'), 'from the client');
    server.end('why it failed');
    assert.equal((await readAll(client)).toString(), 'why it failed');
    client.end();
  }
});

test('a stream that hoyd carries itself has its half-closes carried, too', async () => {
  const { client, server } = await connectedClient();
  const attachments = [{ ...attachment(server), passable: false }];
  const { shim } = await lab.run(['sh', '-c', 'cat; echo after'], { stdin: 'once', attachments });
  client.end('before\n');
  assert.equal((await readAll(client)).toString(), 'before\nafter\n');
  await shim.release();
});

test('twenty containers that start at once all start', async () => {
  const started = await Promise.all(
    Array.from({ length: 20 }, (_, i) => lab.run(['sh', '-c', `echo ${i}; exit ${i}`])),
  );
  const codes = await Promise.all(started.map(async ({ shim }) => (await shim.exited).exitCode));
  assert.deepEqual(
    codes,
    Array.from({ length: 20 }, (_, i) => i),
  );
  for (const [i, { id, shim }] of started.entries()) {
    assert.deepEqual(
      (await lab.logRecords(id)).map(({ log }) => log),
      [`${i}\n`],
    );
    await shim.release();
  }
});
