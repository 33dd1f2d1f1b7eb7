// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { invalidParameter, notFound } from '#core/errors.ts';
import type { LogOptions } from '#model/client.ts';
import type { EventFilter, ImageBackend, SystemBackend } from './backend.ts';
import { fakeEngine } from './testing/fake-engine.ts';
import { CONTAINER_ID, IMAGE_ID } from './testing/samples.ts';
import { type RunningApi, startApi } from './testing/start-api.ts';

type ImportOptions = Parameters<ImageBackend['import']>[1];

test('logs pass the query on and stream what comes', async () => {
  const asked: LogOptions[] = [];
  const logs = async (_ref: string, options: LogOptions) => {
    asked.push(options);
    return { tty: false, stream: Readable.from(['one\n', 'two\n']) };
  };
  await using api = await startApi(fakeEngine({ containers: { logs } }));
  const query = 'stdout=1&follow=1&timestamps=true&details=0&tail=5&since=1.5&until=0';
  const answer = await api.get(`/v1.44/containers/web/logs?${query}`);
  assert.equal(answer.text, 'one\ntwo\n');
  assert.equal(answer.headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  const { signal, ...options } = asked[0] ?? ({} as LogOptions);
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(options, {
    stdout: true,
    stderr: false,
    follow: true,
    timestamps: true,
    details: false,
    tail: 5,
    since: { nano: 1_500_000_000n },
  });
  await api.get('/v1.41/containers/web/logs?stderr=1&tail=all');
  assert.equal(asked[1]?.tail, -1);
});

const BAD_LOGS: [query: string, message: string][] = [
  ['', "must specify at least one of 'stdout' or 'stderr'"],
  ['stdout=1&since=x', 'invalid value for "since": invalid timestamp "x": invalid syntax'],
  ['stdout=1&format=xml', 'unsupported log format'],
];

for (const [query, message] of BAD_LOGS) {
  test(`logs?${query} is refused before the stream begins`, async () => {
    await using api = await startApi(fakeEngine());
    const answer = await api.get(`/containers/web/logs?${query}`);
    assert.deepEqual([answer.status, answer.json], [400, { message }]);
  });
}

/** Connects, asks, and goes away as soon as the answer has begun. */
async function leaveEarly(api: RunningApi, path: string): Promise<void> {
  const socket = api.connect();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  await delay(50);
}

test('a client that goes away ends the stream it read', async () => {
  const signals: AbortSignal[] = [];
  const source = new PassThrough();
  const logs = async (_ref: string, { signal }: LogOptions) => {
    signals.push(signal);
    return { tty: true, stream: source };
  };
  async function* events({ signal }: EventFilter) {
    signals.push(signal);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    yield* [];
  }
  await using api = await startApi(fakeEngine({ containers: { logs }, system: { events } }));
  await leaveEarly(api, '/containers/web/logs?stdout=1&follow=1');
  await leaveEarly(api, '/events');
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
  assert.equal(source.destroyed, true);
});

const EVENT = {
  type: 'container',
  action: 'start',
  actor: { id: CONTAINER_ID, attributes: { image: 'a', name: 'web' } },
  timeNano: 1_767_225_600_123_456_789n,
} as const;

function eventsOf(
  ...events: (typeof EVENT | { type: 'image'; action: 'create'; actor: typeof EVENT.actor; timeNano: bigint })[]
) {
  const asked: EventFilter[] = [];
  const system: Partial<SystemBackend> = {
    events: async function* (filter) {
      asked.push(filter);
      yield* events;
    },
  };
  return { asked, engine: fakeEngine({ system }) };
}

test('events keep their nanoseconds, and have the older fields until 1.51', async () => {
  await using api = await startApi(eventsOf(EVENT).engine);
  const now = await api.get('/events');
  assert.equal(now.headers['content-type'], 'application/jsonl');
  assert.match(now.text, /"timeNano":1767225600123456789\}\n$/);
  assert.deepEqual(Object.keys(now.json), ['Type', 'Action', 'Actor', 'scope', 'time', 'timeNano']);
  const old = await api.get('/v1.51/events');
  assert.equal(old.headers['content-type'], 'application/json');
  assert.deepEqual([old.json.status, old.json.id, old.json.from], ['start', CONTAINER_ID, 'a']);
});

test('events come in the form that the client accepts', async () => {
  await using api = await startApi(eventsOf(EVENT).engine);
  const answer = await api.get('/events', { Accept: 'text/html, application/json-seq;q=0.9' });
  assert.equal(answer.headers['content-type'], 'application/json-seq');
  assert.equal(answer.text[0], '\u001e');
});

test('images that were made are told since 1.46', async () => {
  const { engine } = eventsOf({ type: 'image', action: 'create', actor: EVENT.actor, timeNano: 1n });
  await using api = await startApi(engine);
  assert.equal((await api.get('/v1.45/events')).text, '');
  assert.notEqual((await api.get('/v1.46/events')).text, '');
});

test('the range of events is read to the nanosecond, and must not be upside down', async () => {
  const { engine, asked } = eventsOf();
  await using api = await startApi(engine);
  await api.get('/events?since=1.000000001&until=2');
  assert.deepEqual([asked[0]?.since, asked[0]?.until], [{ nano: 1_000_000_001n }, { nano: 2_000_000_000n }]);
  const answer = await api.get('/events?since=3&until=2');
  assert.equal(answer.json.message, '`since` time (3) cannot be after `until` time (2)');
});

test('stats come every second, each with the one before, until the container is gone', async () => {
  const samples = [1, 2].map((value) => ({
    read: new Date(value * 1000),
    pids: {},
    cpu: {
      totalUsageNs: value,
      userNs: 0,
      systemNs: 0,
      systemUsageNs: 9,
      onlineCpus: 1,
      throttling: { periods: 0, throttledPeriods: 0, throttledTimeNs: 0 },
    },
    blkio: { ioServiceBytes: [], ioServiced: [] },
    networks: {},
    cgroupVersion: 2 as const,
  }));
  let reads = 0;
  const stats = async () => {
    const sample = samples[reads++];
    if (!sample) throw notFound('No such container: web');
    return { id: CONTAINER_ID, name: 'web', sample };
  };
  await using api = await startApi(fakeEngine({ containers: { stats } }));
  const begun = Date.now();
  const lines = (await api.get('/containers/web/stats')).text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(Date.now() - begun >= 1_900);
  assert.deepEqual(
    lines.map((line) => [line.precpu_stats.cpu_usage.total_usage, line.cpu_stats.cpu_usage.total_usage]),
    [
      [0, 1],
      [1, 2],
    ],
  );
  reads = 0;
  const oneShot = await api.get('/containers/web/stats?stream=0&one-shot=1');
  assert.deepEqual([reads, oneShot.json.precpu_stats.cpu_usage.total_usage], [1, 0]);
  reads = 0;
  const single = await api.get('/v1.40/containers/web/stats?stream=false&one-shot=1');
  assert.deepEqual([reads, single.json.precpu_stats.cpu_usage.total_usage], [2, 1]);
});

test('load tells what it does, and an error as its last line', async () => {
  const load: ImageBackend['load'] = async function* (archive) {
    yield { stream: `Loaded ${await text(archive)}\n` };
    yield { status: 'Loading', id: 'abc', current: 1, total: 2 };
    throw invalidParameter('the archive is broken');
  };
  await using api = await startApi(fakeEngine({ images: { load } }));
  const answer = await api.post('/images/load?quiet=0', 'bytes', { 'Content-Type': 'application/x-tar' });
  assert.equal(answer.status, 200);
  assert.deepEqual(
    answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { stream: 'Loaded bytes\n' },
      { status: 'Loading', progressDetail: { current: 1, total: 2 }, id: 'abc' },
      { errorDetail: { message: 'the archive is broken' }, error: 'the archive is broken' },
    ],
  );
});

test('an archive that is refused at once is refused by the status', async () => {
  // biome-ignore lint/correctness/useYield: it fails before there is anything to yield.
  const load: ImageBackend['load'] = async function* () {
    throw invalidParameter('unexpected EOF');
  };
  await using api = await startApi(fakeEngine({ images: { load } }));
  const answer = await api.post('/images/load', 'bytes');
  assert.deepEqual([answer.status, answer.json], [400, { message: 'unexpected EOF' }]);
});

test('save streams one archive of all that was named', async () => {
  const asked: string[][] = [];
  const save: ImageBackend['save'] = async (refs) => {
    asked.push(refs);
    return Readable.from(['archive']);
  };
  await using api = await startApi(fakeEngine({ images: { save } }));
  const answer = await api.get('/images/get?names=a&names=b/c:d');
  assert.deepEqual([answer.text, answer.headers['content-type']], ['archive', 'application/x-tar']);
  await api.get('/images/reg/a:b/get');
  assert.deepEqual(asked, [['a', 'b/c:d'], ['reg/a:b']]);
  assert.equal((await api.get('/images/get')).status, 400);
  assert.equal((await api.get('/v1.51/images/a/get?platform={}&platform={}')).status, 400);
});

test('import takes the archive from the body, with a checked name', async () => {
  const asked: ImportOptions[] = [];
  const imported: ImageBackend['import'] = async (archive, options) => {
    assert.equal(await text(archive), 'tar');
    asked.push(options);
    return IMAGE_ID;
  };
  await using api = await startApi(fakeEngine({ images: { import: imported } }));
  const path =
    '/images/create?fromSrc=-&repo=reg.io/a&tag=1&message=m&changes=CMD%20a&changes=ENV%20b=c&platform=linux/arm64';
  const answer = await api.post(path, 'tar');
  assert.deepEqual(answer.json, { status: IMAGE_ID });
  const { signal: _signal, ...options } = asked[0] ?? ({} as ImportOptions);
  assert.deepEqual(options, {
    repository: 'reg.io/a',
    tag: '1',
    message: 'm',
    changes: ['CMD a', 'ENV b=c'],
    platform: { os: 'linux', architecture: 'arm64' },
  });
  assert.equal((await api.post('/images/create?fromSrc=-&repo=A', 'tar')).status, 400);
  assert.equal((await api.post('/images/create?fromSrc=http://x', '')).status, 501);
});
