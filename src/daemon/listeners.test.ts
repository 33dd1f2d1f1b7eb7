// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLogger } from '#core/logger.ts';
import { parseHost } from '#daemon/config/host.ts';
import { listen, planListeners, tlsOptions } from '#daemon/listeners.ts';

let directory = '';
const servers: Server[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hoy-listen-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

const plan = (host: string, more: { group?: string; env?: NodeJS.ProcessEnv } = {}) =>
  planListeners(
    { hosts: [parseHost(host, { tls: false })], group: more.group ?? 'root', groupIsExplicit: true },
    { env: more.env ?? {}, logger: silentLogger },
  );

async function listenOn(host: string, group = 'root'): Promise<void> {
  const [listener] = await plan(host, { group });
  assert.ok(listener);
  const server = createServer();
  servers.push(server);
  await listen(server, listener);
}

test('the socket is made with its directory, for its group and nobody else', async () => {
  const path = join(directory, 'run', 'hoy.sock');
  await listenOn(`unix://${path}`, '1234');
  const stat = statSync(path);
  assert.deepEqual([stat.mode & 0o777, stat.uid, stat.gid], [0o660, 0, 1234]);
});

test('a socket that a dead engine left is replaced, one that answers is not', async () => {
  const path = join(directory, 'hoy.sock');
  await listenOn(`unix://${path}`);
  await assert.rejects(plan(`unix://${path}`), /another process listens on it/);
  const [server] = servers.splice(0);
  await new Promise((resolve) => server?.close(resolve));
  writeFileSync(path, '');
  await assert.rejects(plan(`unix://${path}`), /something else of that name/);
  assert.ok(existsSync(path));
});

test('a group that was asked for must exist', async () => {
  await assert.rejects(plan(`unix://${directory}/s`, { group: 'no-such-group' }), /group no-such-group not found/);
});

test('a TCP address that is taken is an error that names it', async () => {
  await listenOn('tcp://127.0.0.1:0');
  const address = servers[0]?.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await assert.rejects(listenOn(`tcp://127.0.0.1:${port}`), new RegExp(`failed to listen on tcp://127.0.0.1:${port}`));
  servers.pop();
});

test('sockets of systemd are taken by all, by number and by name', async () => {
  const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: '2', LISTEN_FDNAMES: 'api:metrics' };
  assert.deepEqual(
    (await plan('fd://', { env })).map((it) => it.options),
    [{ fd: 3 }, { fd: 4 }],
  );
  assert.deepEqual(
    (await plan('fd://metrics', { env })).map((it) => it.options),
    [{ fd: 4 }],
  );
  assert.deepEqual(
    (await plan('fd://3', { env })).map((it) => it.options),
    [{ fd: 3 }],
  );
  await assert.rejects(plan('fd://nope', { env }), /no such socket passed by systemd/);
  await assert.rejects(plan('fd://', { env: { ...env, LISTEN_PID: '1' } }), /started by systemd/);
});

test('a missing certificate says how to give one', () => {
  const files = { verify: true, caFile: '/none/ca.pem', certFile: '/none/cert.pem', keyFile: '/none/key.pem' };
  assert.throws(
    () => tlsOptions(files),
    /could not read the TLS certificate: \/none\/cert.pem: give it with --tlscacert/,
  );
});
