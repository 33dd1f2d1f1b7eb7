// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflict, EngineError, type ErrorCode, notFound } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import { silentLogger } from '#core/logger.ts';
import { STATUS } from './status.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import { sampleInfo, sampleView } from './testing/samples.ts';
import { startApi } from './testing/start-api.ts';

test('ping answers GET and HEAD with the headers that clients negotiate by', async () => {
  await using api = await startApi(fakeEngine());
  const got = await api.get('/_ping');
  assert.equal(got.status, 200);
  assert.equal(got.text, 'OK');
  const expected = {
    'api-version': '1.55',
    'docker-experimental': 'false',
    ostype: 'linux',
    server: 'Hoy/0.1.0 (linux)',
    'builder-version': '1',
    swarm: 'inactive',
    'cache-control': 'no-cache, no-store, must-revalidate',
    'content-type': 'text/plain; charset=utf-8',
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(got.headers[name], value, name);
  const head = await api.call('HEAD', '/v1.24/_ping');
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
  assert.equal(head.headers['content-length'], '0');
});

const PATHS: [path: string, status: number, message?: string][] = [
  ['/info', 200],
  ['/info/', 200],
  ['//info', 200],
  ['/v1.24/info', 200],
  ['/v1.55/info?x=y', 200],
  [
    '/v1.23/info',
    400,
    'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  ],
  ['/v1.99/info', 400, 'client version 1.99 is too new. Maximum supported API version is 1.55'],
  ['/v1.56/info', 400, 'client version 1.56 is too new. Maximum supported API version is 1.55'],
  ['/v2/info', 400, 'client version 2 is too new. Maximum supported API version is 1.55'],
  [
    '/v1.9/info',
    400,
    'client version 1.9 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  ],
  ['/', 404, 'page not found'],
  ['/v1.44', 404, 'page not found'],
  ['/nothing', 404, 'page not found'],
  ['/vx/info', 404, 'page not found'],
  ['/containers/%ff/json', 400, 'invalid URL escape in "/containers/%ff/json"'],
];

for (const [path, status, message] of PATHS) {
  test(`GET ${path} is ${status}`, async () => {
    await using api = await startApi(fakeEngine({ system: { info: async () => sampleInfo() } }));
    const answer = await api.get(path);
    assert.equal(answer.status, status);
    if (message !== undefined) assert.deepEqual(answer.json, { message });
  });
}

test('HEAD of a plain GET has its headers and no body, and of a stream is not allowed', async () => {
  await using api = await startApi(fakeEngine({ system: { info: async () => sampleInfo() } }));
  const head = await api.call('HEAD', '/info');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-type'], 'application/json');
  assert.equal(head.text, '');
  assert.equal((await api.call('HEAD', '/events')).status, 405);
});

test('a method that the path does not have is 405, and OPTIONS is answered', async () => {
  await using api = await startApi(fakeEngine());
  const answer = await api.call('PUT', '/containers/json');
  assert.equal(answer.status, 405);
  assert.deepEqual(answer.json, { message: 'method PUT is not allowed for /containers/json' });
  assert.equal((await api.call('OPTIONS', '/containers/json')).status, 200);
});

test('names of images in a path may hold slashes, escapes and digests', async () => {
  const seen: string[] = [];
  const history = async (ref: string) => {
    seen.push(ref);
    return [];
  };
  await using api = await startApi(fakeEngine({ images: { history } }));
  const names = ['a', 'reg:5000/a/b:tag', `a@sha256:${'0'.repeat(64)}`, 'history/history'];
  for (const name of names) assert.equal((await api.get(`/images/${name}/history`)).status, 200);
  assert.equal((await api.get('/v1.40/images/a%2Fb%3Ac/history')).status, 200);
  assert.deepEqual(seen, [...names, 'a/b:c']);
});

test('a name with slashes is no page that is missing, but a container or network that is', async () => {
  const inspect = async (ref: string) => {
    throw notFound(`No such container: ${ref}`);
  };
  await using api = await startApi(fakeEngine({ containers: { inspect } }));
  const container = await api.get('/containers/hoy/busybox/json');
  assert.deepEqual([container.status, container.json], [404, { message: 'No such container: hoy/busybox' }]);
  const network = await api.get('/networks/hoy/busybox');
  assert.deepEqual([network.status, network.json], [404, { message: 'network hoy/busybox not found' }]);
});

test('a container’s name may have its slash in front', async () => {
  const seen: string[] = [];
  const inspect = async (ref: string) => {
    seen.push(ref);
    return sampleView();
  };
  await using api = await startApi(fakeEngine({ containers: { inspect } }));
  assert.equal((await api.get('/containers//web/json')).status, 200);
  assert.deepEqual(seen, ['web']);
});

test('each error code has its status, and the message is the error’s own', async () => {
  for (const [code, status] of Object.entries(STATUS)) {
    const failing = async () => {
      throw new EngineError(code as ErrorCode, 'what went wrong');
    };
    await using api = await startApi(fakeEngine({ containers: { pause: failing } }));
    const answer = await api.post('/containers/x/pause');
    assert.equal(answer.status, status, code);
    if (status === 304) assert.equal(answer.text, '');
    else assert.deepEqual(answer.json, { message: 'what went wrong' });
  }
});

test('a bug is logged once with its cause and hidden from the caller', async () => {
  const logged: { fields: { err?: unknown; requestId?: unknown }; message: string }[] = [];
  const logger: Logger = { ...silentLogger, error: (fields, message) => void logged.push({ fields, message }) };
  const bug = new TypeError('/secret/path is undefined');
  const list = async () => {
    throw bug;
  };
  await using api = await startApi(fakeEngine({ containers: { list } }), { logger });
  const answer = await api.get('/containers/json');
  assert.equal(answer.status, 500);
  assert.equal(logged.length, 1);
  assert.equal(logged[0]?.fields.err, bug);
  assert.equal(answer.json.message, `internal error: see the engine's log for request ${logged[0]?.fields.requestId}`);
});

test('what a caller can get wrong is not logged', async () => {
  const logger: Logger = { ...silentLogger, error: () => assert.fail('logged') };
  const containers = {
    inspect: async () => {
      throw notFound('No such container: x');
    },
    pause: async () => {
      throw conflict('no');
    },
  };
  await using api = await startApi(fakeEngine({ containers }), { logger });
  assert.deepEqual((await api.get('/containers/x/json')).json, { message: 'No such container: x' });
  assert.equal((await api.post('/containers/x/pause')).status, 409);
});

test('stopping ends streams, lets answers finish, and refuses new connections', async () => {
  const { promise: infoAsked, resolve: infoStarted } = Promise.withResolvers<void>();
  const { promise: eventsAsked, resolve: eventsStarted } = Promise.withResolvers<void>();
  const { promise: release, resolve: finish } = Promise.withResolvers<void>();
  const system = {
    info: async () => {
      infoStarted();
      await release;
      return sampleInfo();
    },
    events: async function* ({ signal }: { signal: AbortSignal }) {
      eventsStarted();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      yield* [];
    },
  };
  const api = await startApi(fakeEngine({ system }));
  const info = api.get('/info');
  const events = api.get('/events');
  await Promise.all([infoAsked, eventsAsked]);
  const stopped = api.api.stop(5_000);
  assert.equal((await events).status, 200);
  finish();
  assert.equal((await info).status, 200);
  await stopped;
  await assert.rejects(api.get('/_ping'));
  await api[Symbol.asyncDispose]();
});
