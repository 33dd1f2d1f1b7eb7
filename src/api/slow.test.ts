// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { silentLogger } from '#core/logger.ts';
import { readJson } from './body.ts';
import { createApi } from './server.ts';
import { fakeEngine } from './testing/fake-engine.ts';

/** As much of a request as reading its body needs. */
function requestWith(headers: Record<string, string>): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

test('JSON that trickles in is given up after a minute', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const request = requestWith({ 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  const reading = readJson(request);
  request.write('{"Image":');
  t.mock.timers.tick(59_000);
  assert.equal(request.destroyed, false);
  t.mock.timers.tick(2_000);
  await assert.rejects(reading, {
    code: 'invalid-parameter',
    message: 'the request body did not arrive within 60 seconds',
  });
  assert.equal(request.destroyed, true);
});

test('a body that came in time is not given up later', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const request = requestWith({ 'content-type': 'application/json', 'content-length': '9' });
  const reading = readJson(request);
  request.end('{"a": 1} ');
  assert.deepEqual(await reading, { a: 1 });
  t.mock.timers.tick(120_000);
  assert.equal(request.errored, null);
});

test('headers must come in time, while uploads may last', async () => {
  const api = createApi({ backend: fakeEngine(), logger: silentLogger }, { engineVersion: '0' });
  const server = api.createListener({ reachableByBrowsers: false });
  assert.equal(server.headersTimeout, 30_000);
  assert.equal(server.requestTimeout, 0);
  assert.equal(server.timeout, 0);
  await api.stop(0);
});

test('no content and no type is no body, and content of another type is none of ours', async () => {
  assert.equal(await readJson(requestWith({})), undefined);
  assert.equal(await readJson(requestWith({ 'content-length': '0' })), undefined);
  assert.equal(await readJson(requestWith({ 'content-length': '0', 'content-type': 'application/json' })), undefined);
  await assert.rejects(
    readJson(requestWith({ 'content-length': '1' })),
    /malformed Content-Type header \(\): mime: no media type/,
  );
});
