// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { BUSYBOX, sharedDaemon } from '#test/support/daemon.ts';

const HOST = { NetworkMode: 'none' };
const valid = (more: object = {}) => ({ Image: BUSYBOX, HostConfig: HOST, ...more });
const withHost = (more: object) => valid({ HostConfig: { ...HOST, ...more } });

describe('what a caller gets wrong is told in words that clients know', () => {
  const daemon = sharedDaemon();
  before(async () => {
    await daemon().create({ Cmd: ['true'] }, 'idle');
    await daemon().create({ Cmd: ['sleep', '600'] }, 'busy');
    await daemon().api.post('/containers/busy/start');
  });

  const CASES: [method: string, path: string, body: unknown, status: number, message: RegExp][] = [
    ['GET', '/containers/nope/json', undefined, 404, /^No such container: nope$/],
    ['POST', '/containers/nope/start', undefined, 404, /^No such container: nope$/],
    ['DELETE', '/containers/nope', undefined, 404, /^No such container: nope$/],
    ['GET', '/containers/nope/logs?stdout=1', undefined, 404, /^No such container: nope$/],
    ['GET', '/images/nope/json', undefined, 404, /^No such image: nope(:latest)?$/i],
    ['GET', '/exec/nope/json', undefined, 404, /^No such exec instance: nope$/],
    ['POST', '/containers/create', valid({ Image: 'nope:1' }), 404, /^No such image: nope:1$/],
    ['POST', '/containers/create', valid({ Image: 'Bad Image' }), 400, /invalid reference format/],
    ['POST', '/containers/create', '{"Image":', 400, /JSON|EOF|unexpected/i],
    ['POST', '/containers/create', { Image: 7 }, 400, /./],
    [
      'POST',
      '/containers/create?name=idle',
      valid(),
      409,
      /^Conflict. The container name "\/idle" is already in use by container "?[0-9a-f]{64}"?/,
    ],
    [
      'POST',
      '/containers/create?name=a%20b',
      valid(),
      400,
      /^Invalid container name \(a b\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_.-\] are allowed$/,
    ],
    ['POST', '/containers/create', withHost({ Memory: 1024 }), 400, /^Minimum memory limit allowed is 6MB$/],
    ['POST', '/containers/create', withHost({ Binds: ['a:b:c:d'] }), 400, /invalid volume specification: 'a:b:c:d'/i],
    ['POST', '/containers/create', withHost({ RestartPolicy: { Name: 'sometimes' } }), 400, /invalid restart policy/i],
    ['POST', '/containers/create', withHost({ CapAdd: ['NOT_A_CAP'] }), 400, /CAP_NOT_A_CAP/i],
    ['POST', '/containers/create', withHost({ NanoCpus: 1e15 }), 400, /^[Rr]ange of CPUs is from 0\.01 to /],
    ['POST', '/containers/create', withHost({ LogConfig: { Type: 'nope' } }), 400, /nope/],
    ['POST', '/containers/create', withHost({ Runtime: 'nope' }), 400, /unknown or invalid runtime name: nope/],
    ['POST', '/containers/idle/stop', undefined, 304, /^$/],
    ['POST', '/containers/busy/start', undefined, 304, /^$/],
    ['POST', '/containers/idle/kill', undefined, 409, /Container [0-9a-f]{64} is not running$/i],
    ['POST', '/containers/busy/kill?signal=NOPE', undefined, 400, /invalid signal: NOPE$/i],
    ['POST', '/containers/idle/pause', undefined, 409, /^Container [0-9a-f]{64} is not running$/i],
    ['POST', '/containers/busy/unpause', undefined, 409, /^Container [0-9a-f]{64} is not paused$/i],
    ['DELETE', '/containers/busy', undefined, 409, /cannot remove container .*busy/i],
    ['POST', '/containers/busy/rename?name=idle', undefined, 409, /already in use/],
    ['POST', '/containers/busy/rename?name=', undefined, 400, /Neither old nor new names may be empty/],
    ['POST', '/containers/idle/exec', { Cmd: ['true'] }, 409, /[Cc]ontainer [0-9a-f]{64} is not running/],
    ['POST', '/containers/busy/exec', { Cmd: [] }, 400, /No exec command specified/],
    ['GET', '/containers/busy/logs', undefined, 400, /(must specify|choose) at least one/],
    ['GET', '/containers/json?filters=nope', undefined, 400, /invalid/],
    [
      'GET',
      `/containers/json?filters=${encodeURIComponent('{"nope":["x"]}')}`,
      undefined,
      400,
      /^invalid filter 'nope'$/,
    ],
    ['GET', '/containers/idle/top', undefined, 409, /is not running/],
    ['GET', '/containers/busy/top?ps_args=-o%20cmd', undefined, 400, /PID/i],
    ['DELETE', `/images/${BUSYBOX}`, undefined, 409, /unable to remove repository reference|cannot be forced|is using/],
    ['GET', '/no/such/page', undefined, 404, /^page not found$/],
    [
      'GET',
      '/v1.23/containers/json',
      undefined,
      400,
      /client version 1\.23 is too old\. Minimum supported API version is 1\.24/,
    ],
    [
      'GET',
      '/v1.99/containers/json',
      undefined,
      400,
      /client version 1\.99 is too new\. Maximum supported API version is 1\.\d+/,
    ],
  ];
  for (const [method, path, body, status, message] of CASES) {
    test(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)}`, async () => {
      const answer = await daemon().api.call(method, path, {
        body: typeof body === 'string' ? Buffer.from(body) : body,
        ...(typeof body === 'string' && { headers: { 'Content-Type': 'application/json' } }),
      });
      assert.equal(answer.status, status, answer.text);
      assert.match(status === 304 ? answer.text : answer.json.message, message);
    });
  }

  test('the engine still answers, and nothing was made', async () => {
    const { json } = await daemon().api.get('/containers/json?all=1');
    assert.deepEqual(json.map((it: { Names: string[] }) => it.Names[0]).sort(), ['/busy', '/idle']);
  });
});
