// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { silentLogger } from '#core/logger.ts';
import type { AttachedClient } from '#model/client.ts';
import { createApi } from './server.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import { sampleView } from './testing/samples.ts';

interface Certificates extends Disposable {
  ca: Buffer;
  server: { key: Buffer; cert: Buffer };
  client: { key: Buffer; cert: Buffer };
}

/** An authority with one server and one client, in a folder of its own. */
function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'hoy-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  for (const name of ['server', 'client']) {
    const alternative = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-subj',
      `/CN=${name}`,
      ...alternative,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
  }
  const read = (file: string) => readFileSync(join(folder, file));
  const pair = (name: string) => ({ key: read(`${name}.key`), cert: read(`${name}.pem`) });
  return {
    ca: read('ca.pem'),
    server: pair('server'),
    client: pair('client'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

test('only clients with a certificate of ours get in, and their hijacked streams stay with the engine', async () => {
  using certificates = makeCertificates();
  const attached: AttachedClient[] = [];
  const attach = async (_ref: string, client: AttachedClient) => {
    attached.push(client);
    client.stream.end('hello');
  };
  const backend = fakeEngine({ containers: { inspect: async () => sampleView(), attach } });
  const api = createApi({ backend, logger: silentLogger }, { engineVersion: '0' });
  const { ca, client, server: own } = certificates;
  const tls = { ...own, ca, requestCert: true, rejectUnauthorized: true };
  const server = api.createListener({ tls, reachableByBrowsers: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ping = (pair: object) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: '/_ping', ca, agent: false, ...pair }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
  try {
    assert.equal(await ping(client), 200);
    await assert.rejects(ping({}));
    const received = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect({ host: '127.0.0.1', port, ca, ...client });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', reject).on('close', () => resolve(text));
      socket.write(
        'POST /containers/web/attach HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
      );
    });
    assert.match(received, /^HTTP\/1.1 101 UPGRADED\r\n[\s\S]*\r\n\r\nhello$/);
    assert.equal(attached[0]?.passable, false);
  } finally {
    await api.stop(50);
  }
});
