// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '#core/logger.ts';
import type { CreateContainer } from './backend.ts';
import { MAX_JSON_BYTES } from './body.ts';
import { createApi } from './server.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import { sampleInfo } from './testing/samples.ts';
import { startApi } from './testing/start-api.ts';

/** What the engine was asked to create. */
function creations() {
  const requests: CreateContainer[] = [];
  const create = async (request: CreateContainer) => {
    requests.push(request);
    return { id: 'new', warnings: [] };
  };
  return { requests, engine: fakeEngine({ containers: { create }, system: { info: async () => sampleInfo() } }) };
}

const BAD_BODIES: [body: string, message: string][] = [
  ['{', 'invalid JSON: unexpected EOF'],
  ['{"Image": "a', 'invalid JSON: unexpected EOF'],
  ['{"Image": "a"} {"Image": "b"}', 'unexpected content after JSON'],
  ['   ', 'invalid JSON: got EOF while reading request body'],
  ['[]', 'invalid JSON: cannot use array as the request body of type object'],
  ['"x"', 'invalid JSON: cannot use string as the request body of type object'],
  ['{"Cmd": {"a": 1}}', 'invalid JSON: cannot use object as field Cmd of type list'],
  ['{}', 'config cannot be empty in order to create a container'],
  [`${'['.repeat(100_000)}`, 'invalid JSON: unexpected EOF'],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'invalid JSON: cannot use array as the request body of type object'],
];

for (const [body, message] of BAD_BODIES) {
  test(`create with the body ${body.slice(0, 40)} is the caller's mistake`, async () => {
    const { engine, requests } = creations();
    await using api = await startApi(engine);
    const answer = await api.post('/containers/create', body);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { message });
    assert.equal(requests.length, 0);
  });
}

test('credentials are read before it is said that there are no registries, and are in no answer', async () => {
  await using api = await startApi(fakeEngine({}));
  const CASES: [body: string, status: number, message: RegExp][] = [
    ['{"username":"a","password":"secret","serveraddress":"r.example"}', 501, /^logging in to registries is not supp/],
    ['{"username":"a","password":"secret"', 400, /^invalid JSON: unexpected EOF$/],
    ['{"username":{"password":"secret"}}', 400, /^invalid JSON: cannot use object as field username of type string$/],
    ['["secret"]', 400, /^invalid JSON: cannot use array as the request body of type object$/],
  ];
  for (const [body, status, message] of CASES) {
    const answer = await api.post('/auth', body);
    assert.equal(answer.status, status, body);
    assert.match(answer.json.message, message);
    assert.ok(!answer.json.message.includes('secret'));
  }
});

test('text that is no JSON at all names the place and not the caller’s data', async () => {
  await using api = await startApi(creations().engine);
  const answer = await api.post('/containers/create', '{"Image": oops, "Env": ["PASSWORD=secret"]}');
  assert.equal(answer.status, 400);
  assert.match(answer.json.message, /^invalid JSON: Unexpected token 'o'$/);
});

test('a body that is not declared as JSON is refused', async () => {
  await using api = await startApi(creations().engine);
  const plain = await api.post('/containers/create', '{"Image":"a"}', { 'Content-Type': 'text/plain' });
  assert.equal(plain.status, 400);
  assert.equal(plain.json.message, "unsupported Content-Type header (text/plain): must be 'application/json'");
  const broken = await api.post('/containers/create', '{"Image":"a"}', { 'Content-Type': 'a b/c d' });
  assert.equal(broken.json.message, 'malformed Content-Type header (a b/c d): mime: no media type');
  const parameters = { 'Content-Type': 'application/json; charset=utf-8' };
  assert.equal((await api.post('/containers/create', '{"Image":"a"}', parameters)).status, 201);
});

test('a body that says it is too large is refused before it was read', async () => {
  await using api = await startApi(creations().engine);
  const head = `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${MAX_JSON_BYTES + 1}\r\n\r\n`;
  assert.match(await api.raw(head, '}\n'), /^HTTP\/1.1 413 [\s\S]*too large: at most 4194304 bytes are accepted/);
});

test('a chunked body is cut off when it grows too large', async () => {
  await using api = await startApi(creations().engine);
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  const head =
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.match(await api.raw(head + chunk.repeat(80), '}\n'), /^HTTP\/1.1 413 /);
});

test('keys that mean something to JavaScript change nothing', async () => {
  const { engine, requests } = creations();
  await using api = await startApi(engine);
  const body =
    '{"Image":"a","__proto__":{"Tty":true},"Labels":{"__proto__":"x","constructor":"y"},"HostConfig":{"__proto__":{"Privileged":true},"Sysctls":{"__proto__":"1"}}}';
  assert.equal((await api.post('/containers/create', body)).status, 201);
  const [request] = requests;
  assert.equal(request?.config.tty, false);
  assert.equal(request?.hostConfig.privileged, false);
  assert.deepEqual(Object.keys(request?.config.labels ?? {}), ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(request?.config.labels), Object.prototype);
  assert.equal(({} as { Privileged?: boolean }).Privileged, undefined);
});

const MALFORMED: [title: string, bytes: string][] = [
  ['two lengths', 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  [
    'a length and chunks',
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['an unknown coding', 'POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['a folded header', 'GET /info HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
  ['a blank before the colon', 'GET /info HTTP/1.1\r\nHost : x\r\n\r\n'],
  ['a NUL in a header', 'GET /info HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n'],
  [
    'a bad chunk size',
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
  ['no HTTP', 'hello\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['no host', 'GET /info HTTP/1.1\r\n\r\n'],
];

for (const [title, bytes] of MALFORMED) {
  test(`a request with ${title} is answered 400, and the connection ends`, async () => {
    const { engine, requests } = creations();
    await using api = await startApi(engine);
    const answer = await api.raw(bytes);
    assert.match(answer, /^HTTP\/1.1 400 Bad Request\r\n/);
    assert.equal(answer.match(/HTTP\/1.1 /g)?.length, 1);
    assert.equal(requests.length, 0);
    assert.equal((await api.get('/_ping')).status, 200);
  });
}

test('headers without end are refused', async () => {
  await using api = await startApi(creations().engine);
  const answer = await api.raw(`GET /info HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(300 << 10)}`);
  assert.match(answer, /^HTTP\/1.1 431 [\s\S]*"message":"the request's headers are larger than 262144 bytes"/);
});

test('a client that goes away in the middle of its body leaves nothing behind', async () => {
  const { engine, requests } = creations();
  await using api = await startApi(engine);
  const socket = api.connect();
  socket.write(
    'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"Image"',
  );
  await delay(30);
  socket.destroy();
  await delay(30);
  assert.equal(requests.length, 0);
  assert.equal((await api.get('/_ping')).status, 200);
});

test('an upgrade that nobody asked for is answered as a plain request', async () => {
  await using api = await startApi(creations().engine);
  const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
  assert.match(await api.raw(`GET /_ping HTTP/1.1\r\n${upgrade}`, 'OK'), /^HTTP\/1.1 200 OK/);
  const session = await api.raw(`POST /session HTTP/1.1\r\n${upgrade}`, '}\n');
  assert.match(session, /^HTTP\/1.1 501 [\s\S]*building images is not supported by this version of Hoy/);
});

test('on TCP, web pages can’t use the engine', async () => {
  const api = createApi(
    { backend: creations().engine, logger: silentLogger },
    { engineVersion: '0', allowedHosts: ['build.lan'] },
  );
  const server = api.createListener({ reachableByBrowsers: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, path: '/_ping', headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
  const cases: [headers: Record<string, string>, status: number][] = [
    [{}, 200],
    [{ Host: `localhost:${port}` }, 200],
    [{ Host: '[::1]:2375' }, 200],
    [{ Host: 'build.lan:2375' }, 200],
    [{ Host: 'attacker.example' }, 403],
    [{ Host: 'localhost.attacker.example' }, 403],
    [{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}` }, 200],
    [{ Host: `127.0.0.1:${port}`, Origin: 'http://127.0.0.1:8080' }, 403],
    [{ Origin: 'https://attacker.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'none' }, 200],
  ];
  try {
    for (const [headers, expected] of cases) assert.equal(await status(headers), expected, JSON.stringify(headers));
  } finally {
    await api.stop(50);
  }
});
