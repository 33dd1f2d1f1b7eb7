// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type Clock, systemClock } from '#core/clock.ts';
import { openDatabase } from '#core/database.ts';
import { silentLogger } from '#core/logger.ts';
import { EventLog, type EventLogOptions, type EventQuery } from '#event/log.ts';
import { eventSchema } from '#event/schema.ts';
import type { EngineEvent, NewEvent } from '#model/event.ts';

interface Fixture {
  path: string;
  database: DatabaseSync;
  log: EventLog;
}

function makeLog(t: TestContext, options: EventLogOptions & { path?: string; clock?: Clock } = {}): Fixture {
  const directory = options.path ? undefined : mkdtempSync(join(tmpdir(), 'hoy-event-'));
  const path = options.path ?? join(directory ?? '', 'hoy.db');
  const database = openDatabase(path, [eventSchema]);
  const log = new EventLog({ database, clock: options.clock ?? systemClock, logger: silentLogger }, options);
  t.after(async () => {
    await log.stop();
    database.close();
    if (directory) rmSync(directory, { recursive: true, force: true });
  });
  return { path, database, log };
}

const made = (action: string, id = 'id', attributes: Record<string, string> = {}): NewEvent => ({
  type: 'container',
  action,
  actor: { id, attributes },
});

const since0 = { since: { nano: 0n } };
const query = (more: Partial<EventQuery> = {}): EventQuery => ({
  filters: new Map(),
  signal: new AbortController().signal,
  ...more,
});

/** Reads `count` events, then goes away. */
async function take(events: AsyncIterable<EngineEvent>, count: number): Promise<string[]> {
  const actions: string[] = [];
  if (count === 0) return actions;
  for await (const { action } of events) if (actions.push(action) === count) break;
  return actions;
}

const nowNano = (): bigint => BigInt(Date.now()) * 1_000_000n;
const past = (log: EventLog, more: Partial<EventQuery> = {}): Promise<string[]> =>
  take(log.events(query({ ...since0, until: { nano: nowNano() }, ...more })), Number.POSITIVE_INFINITY);

test('an event is stored before anybody hears of it', async (t) => {
  const { log, database } = makeLog(t);
  const events = log.events(query());
  const rows = database.prepare('SELECT count(*) AS n FROM event');
  const heard = (async () => {
    for await (const { action } of events) return { action, stored: Number(rows.get()?.n) };
    return undefined;
  })();
  log.emit(made('create'));
  assert.deepEqual(await heard, { action: 'create', stored: 1 });
});

test('without since only what is emitted later is heard, from the call on', async (t) => {
  const { log } = makeLog(t);
  log.emit(made('before'));
  const events = log.events(query());
  log.emit(made('after'));
  assert.deepEqual(await take(events, 1), ['after']);
});

test('past events come first, then live ones, with no gap and none twice', async (t) => {
  const { log } = makeLog(t);
  for (let i = 0; i < 700; i++) log.emit(made(`${i}`));
  const reading = take(log.events(query(since0)), 2000);
  for (let i = 700; i < 2000; i++) {
    log.emit(made(`${i}`));
    if (i % 100 === 0) await sleep(1);
  }
  assert.deepEqual(
    await reading,
    Array.from({ length: 2000 }, (_, i) => `${i}`),
  );
});

test('history survives a restart of the engine', async (t) => {
  const { log, path, database } = makeLog(t);
  log.emit(made('start', 'abc', { name: 'web', 'a.label': 'ü"\n' }));
  await log.stop();
  database.exec('PRAGMA wal_checkpoint');
  const { log: again } = makeLog(t, { path });
  const [event] = await again
    .events(query({ ...since0, until: { nano: nowNano() } }))
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [value]);
  assert.deepEqual(
    { type: event.type, action: event.action, actor: event.actor },
    made('start', 'abc', { name: 'web', 'a.label': 'ü"\n' }),
  );
  again.emit(made('die'));
  assert.deepEqual(await take(again.events(query(since0)), 2), ['start', 'die']);
});

test('since and until select to the nanosecond, both included', async (t) => {
  const { log } = makeLog(t);
  const times: bigint[] = [];
  for (const action of ['a', 'b', 'c', 'd']) log.emit(made(action));
  for await (const { timeNano } of log.events(query({ ...since0, until: { nano: nowNano() + 10_000_000n } })))
    times.push(timeNano);
  const [a = 0n, b = 0n, c = 0n, d = 0n] = times;
  assert.ok(a < b && b < c && c < d, 'times of one moment differ');
  assert.deepEqual(await past(log, { since: { nano: b }, until: { nano: c } }), ['b', 'c']);
  assert.deepEqual(await past(log, { since: { nano: b + 1n }, until: { nano: c - 1n } }), []);
  assert.deepEqual(await past(log, { since: { nano: d + 1n } }), []);
});

test('until alone gives the past, and ends', async (t) => {
  const { log } = makeLog(t);
  log.emit(made('a'));
  await sleep(2);
  assert.deepEqual(await take(log.events(query({ until: { nano: nowNano() } })), 9), ['a']);
});

test('until ends listening when its time has come, although nothing happens', async (t) => {
  const { log } = makeLog(t);
  const started = Date.now();
  const events = log.events(query({ until: { nano: nowNano() + 120_000_000n } }));
  log.emit(made('in time'));
  assert.deepEqual(await take(events, 9), ['in time']);
  const took = Date.now() - started;
  assert.ok(took >= 100 && took < 5000, `${took} ms`);
});

test('filters apply to past and live events', async (t) => {
  const { log } = makeLog(t);
  for (const action of ['create', 'start']) log.emit(made(action));
  const events = log.events(query({ ...since0, filters: new Map([['event', ['start', 'die']]]) }));
  for (const action of ['kill', 'die']) log.emit(made(action));
  assert.deepEqual(await take(events, 2), ['start', 'die']);
});

test('the signal and the end of the engine end listening', async (t) => {
  const { log } = makeLog(t);
  const abort = new AbortController();
  const aborted = take(log.events(query({ signal: abort.signal })), 9);
  const stopped = take(log.events(query()), 9);
  await sleep(5);
  assert.equal(log.listenerCount, 2);
  abort.abort();
  assert.deepEqual(await aborted, []);
  assert.equal(log.listenerCount, 1);
  log.emit(made('last'));
  await log.stop();
  assert.deepEqual(await stopped, ['last'], 'what was emitted before is heard');
  assert.equal(log.listenerCount, 0);
});

test('a slow listener misses nothing and others do not wait for it', async (t) => {
  const { log } = makeLog(t);
  const slow = log.events(query())[Symbol.asyncIterator]();
  const first = slow.next();
  const fast = take(log.events(query()), 5000);
  for (let i = 0; i < 5000; i++) log.emit(made(`${i}`));
  assert.equal((await fast).length, 5000);
  assert.equal((await first).value?.action, '0');
  for (let i = 1; i < 5000; i++) assert.equal((await slow.next()).value?.action, `${i}`);
  await slow.return?.();
  assert.equal(log.listenerCount, 0);
});

test('history is bounded by count and by age', async (t) => {
  const now = { ms: Date.now() };
  const clock: Clock = { now: () => new Date(now.ms), after: systemClock.after };
  const { log } = makeLog(t, { maxEvents: 300, maxAgeMs: 60_000, clock });
  for (let i = 0; i < 1000; i++) log.emit(made(`${i}`));
  while (log.prune() > 0);
  const kept = await take(log.events(query({ ...since0 })), 300);
  assert.deepEqual([kept[0], kept.at(-1)], ['700', '999']);
  now.ms += 120_000;
  log.emit(made('young'));
  while (log.prune() > 0);
  assert.deepEqual(await take(log.events(query(since0)), 1), ['young']);
});

test('a listener whose events were deleted goes on with those that are kept', async (t) => {
  const now = { ms: Date.now() };
  const clock: Clock = { now: () => new Date(now.ms), after: systemClock.after };
  const { log } = makeLog(t, { maxAgeMs: 1000, clock });
  const slow = log.events(query())[Symbol.asyncIterator]();
  const first = slow.next();
  for (let i = 0; i < 3000; i++) log.emit(made(`${i}`));
  assert.equal((await first).value?.action, '0');
  now.ms += 10_000;
  while (log.prune() > 0);
  const next = slow.next();
  const got = await Promise.race([next, sleep(200)]);
  assert.ok(got === undefined || Number(got.value?.action) > 0);
  await log.stop();
});

test('when the database refuses, events wait and are stored later', async (t) => {
  const retries: (() => void)[] = [];
  const after: Clock['after'] = (delayMs, callback) => {
    if (delayMs !== 1_000) return systemClock.after(delayMs, callback);
    retries.push(callback);
    return { [Symbol.dispose]: () => {} };
  };
  const { log, database } = makeLog(t, { clock: { ...systemClock, after } });
  database.exec('ALTER TABLE event RENAME TO away');
  log.emit(made('kept'));
  log.emit(made('next'));
  database.exec('ALTER TABLE away RENAME TO event');
  assert.equal(retries.length, 1, 'the database is not asked for every event');
  retries[0]?.();
  assert.deepEqual(await past(log, { until: { nano: nowNano() + 5_000_000n } }), ['kept', 'next']);
});

test('an event is stored when emit returns, whatever becomes of the engine then', (t) => {
  const { log, path } = makeLog(t);
  log.emit(made('stored'));
  const other = openDatabase(path, []);
  t.after(() => other.close());
  assert.deepEqual(
    other
      .prepare('SELECT action FROM event')
      .all()
      .map(({ action }) => action),
    ['stored'],
  );
});

test('any sequence of emits and listeners keeps the order', async (t) => {
  const { log } = makeLog(t);
  let total = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('emit', 'turn', 'listen'), { maxLength: 40 }), async (steps) => {
      const readers: { from: number; events: AsyncIterable<EngineEvent> }[] = [];
      for (const step of steps) {
        if (step === 'emit') log.emit(made(`${total++}`));
        else if (step === 'turn') await sleep(1);
        else readers.push({ from: total, events: log.events(query()) });
      }
      for (const { from, events } of readers) {
        const expected = Array.from({ length: total - from }, (_, i) => `${from + i}`);
        assert.deepEqual(await take(events, expected.length), expected);
      }
    }),
    { numRuns: 40 },
  );
});
