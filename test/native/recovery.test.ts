// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShimLaunch } from '#runtime/types.ts';
import { ATTACH_ALL, Lab, readAll, shimPid } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

let count = 0;

/** Another process launches the shim, like a hoyd; `kill` is SIGKILL to it. */
async function launchElsewhere(launch: ShimLaunch, { dieAtStart = false } = {}) {
  const name = join(lab.directory, `play-${count++}`);
  const listener = createServer({ allowHalfOpen: true }).listen(`${name}.sock`);
  await once(listener, 'listening');
  writeFileSync(
    `${name}.json`,
    JSON.stringify({ shimPath: lab.shimPath, launch, clientSocket: `${name}.sock`, dieAtStart }),
  );
  const engine = spawn(process.execPath, [join(import.meta.dirname, 'engine.ts'), `${name}.json`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [client] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  if (dieAtStart) await once(engine, 'exit');
  else await once(engine.stdout, 'data');
  const kill = async (): Promise<void> => {
    engine.kill('SIGKILL');
    await once(engine, 'exit');
  };
  return { client, kill };
}

test('killing hoyd in the middle costs no byte of log and attached client, and the exit code is known after it', async () => {
  const script =
    'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); [ $((i % 10)) = 0 ] && sleep 0.01; done; cat; exit 9';
  const launch = await lab.prepare(['sh', '-c', script], { stdin: 'once' });
  const { client, kill } = await launchElsewhere(launch);
  const received = readAll(client);
  await sleep(100);
  await kill();
  await sleep(100);
  const shim = await lab.launcher.reconnect(launch.directory);
  assert.ok(shim.pid > 0 && existsSync(`/proc/${shim.pid}`));
  client.end('typed while nobody was there\n');
  const { exitCode } = await shim.exited;
  assert.equal(exitCode, 9);
  const expected = `${Array.from({ length: 300 }, (_, i) => `line ${i}`).join('\n')}\ntyped while nobody was there\n`;
  assert.equal((await received).toString(), expected);
  assert.equal((await lab.logRecords(launch.containerId)).map(({ log }) => log).join(''), expected);
  await shim.release();
});

test('a process that ended while no hoyd was there is known from its record', async () => {
  const launch = await lab.prepare(['sh', '-c', 'sleep 0.3; echo bye; exit 4']);
  const { client, kill } = await launchElsewhere(launch);
  await kill();
  assert.equal((await readAll(client)).toString(), 'bye\n');
  await waitUntilGone(launch.directory);
  const shim = await lab.launcher.reconnect(launch.directory);
  const { exitCode, pid } = await shim.exited;
  assert.deepEqual({ exitCode, pid }, { exitCode: 4, pid: shim.pid });
  await shim.release();
});

test('hoyd killed between the order and the start loses nothing', async () => {
  for (let round = 0; round < 3; round++) {
    const launch = await lab.prepare(['sh', '-c', 'sleep 0.3; echo alive; exit 6']);
    const { client } = await launchElsewhere(launch, { dieAtStart: true });
    const shim = await lab.launcher.reconnect(launch.directory);
    assert.equal((await shim.exited).exitCode, 6);
    assert.equal((await readAll(client)).toString(), 'alive\n');
    await shim.release();
  }
});

test('a start that failed while no hoyd was there has left the reason', async () => {
  const launch = await lab.prepare(['/no/such/command']);
  await launchElsewhere(launch, { dieAtStart: true });
  const shim = await lab.launcher.reconnect(launch.directory);
  assert.equal((await shim.exited).exitCode, 127);
});

test('a shim whose hoyd goes before the start ends and leaves nothing', async () => {
  const launch = await lab.prepare(['true']);
  const connection = lab.launcher.spawn(launch);
  connection.close();
  await waitUntilGone(launch.directory);
  assert.deepEqual(readdirSync(launch.directory), []);
});

async function waitUntilGone(directory: string): Promise<void> {
  for (let tries = 0; tries < 200 && existsSync(join(directory, 'shim.sock')); tries++) await sleep(20);
  assert.ok(!existsSync(join(directory, 'shim.sock')), 'the shim did not end');
}

/** A client that has had the head of a chunked answer; resolves with the rest. */
async function waitingClient(): Promise<{ server: Socket; answer: Promise<string> }> {
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(
    join(lab.directory, `wait-${count++}.sock`),
  );
  await once(listener, 'listening');
  const client = connect(listener.address() as string);
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return { server, answer: readAll(client).then(String) };
}

const ANSWER = '11\r\n{"StatusCode":5}\n\r\n0\r\n\r\n';

test('waiting clients are answered at the exit, and those that wait for the removal after the release', async () => {
  const { shim } = await lab.run(['sh', '-c', 'read go; exit 5'], { stdin: 'open' });
  const one = await waitingClient();
  const two = await waitingClient();
  await shim.handOverWait(one.server, { untilReleased: false });
  await shim.handOverWait(two.server, { untilReleased: true });
  assert.ok(one.server.destroyed && two.server.destroyed);
  let removed = false;
  void two.answer.then(() => {
    removed = true;
  });
  (await shim.open({ ...ATTACH_ALL, head: Buffer.from('\n') })).resume();
  assert.equal(await one.answer, ANSWER);
  await sleep(100);
  assert.equal(removed, false);
  await shim.release();
  assert.equal(await two.answer, ANSWER);
});

test('a client that waits for the exit is answered although hoyd was let go', async () => {
  const { id, shim } = await lab.run(['sh', '-c', 'sleep 0.3; exit 5']);
  const { server, answer } = await waitingClient();
  await shim.handOverWait(server, { untilReleased: false });
  (shim as unknown as { disconnect(): void }).disconnect();
  assert.equal(await answer, ANSWER);
  await waitUntilGone(lab.shimDirectory(id));
});

test('a client that waits for the removal is answered when no hoyd comes back', async () => {
  const { shim } = await lab.run(['sh', '-c', 'exit 5']);
  const { server, answer } = await waitingClient();
  await shim.handOverWait(server, { untilReleased: true });
  (shim as unknown as { disconnect(): void }).disconnect();
  const startedAt = Date.now();
  assert.equal(await answer, ANSWER);
  assert.ok(Date.now() - startedAt > 5000, 'there was time for a hoyd to come back');
});

test('a client that comes too late for the shim is answered all the same', async () => {
  const { shim } = await lab.run(['sh', '-c', 'exit 5']);
  await shim.exited;
  const { server, answer } = await waitingClient();
  await shim.release();
  await sleep(200);
  await shim.handOverWait(server, { untilReleased: true });
  assert.equal(await answer, ANSWER);
});

test('a shim that is killed is noticed, and its process counts as killed', async () => {
  const { id, shim } = await lab.run(['sleep', '100']);
  const pidOfShim = shimPid(id);
  process.kill(pidOfShim, 'SIGTERM');
  await shim.resize({ rows: 1, columns: 1 });
  process.kill(pidOfShim, 'SIGKILL');
  const { exitCode, pid } = await shim.exited;
  assert.deepEqual({ exitCode, pid }, { exitCode: 137, pid: shim.pid });
  await lab.remove(id);
  await shim.release();
});

test('a directory without shim and record counts as killed', async () => {
  const directory = join(lab.directory, 'exec', 'empty');
  mkdirSync(directory, { recursive: true });
  const shim = await lab.launcher.reconnect(directory);
  assert.equal((await shim.exited).exitCode, 137);
  await assert.rejects(shim.open(ATTACH_ALL), { code: 'conflict' });
});

test('the path of the directory may be longer than a socket address', async () => {
  const directory = join(lab.directory, 'x'.repeat(120));
  mkdirSync(directory);
  const launch = {
    ...(await lab.prepare(['sh', '-c', 'stty size; read go; exit 8'], {
      tty: true,
      stdin: 'open',
      consoleSize: [20, 70],
    })),
    directory,
  };
  const first = await lab.launcher.launch(launch);
  (first as unknown as { disconnect(): void }).disconnect();
  const shim = await lab.launcher.reconnect(directory);
  const stream = await shim.open(ATTACH_ALL);
  stream.resume().write('\n');
  assert.equal((await shim.exited).exitCode, 8);
  assert.equal((await lab.logRecords(launch.containerId))[0]?.log, '20 70\r\n');
  await shim.release();
});
