// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEventFilter } from '#event/filter.ts';
import type { EngineEvent, EventType } from '#model/event.ts';

const ID = 'c0ffee12'.repeat(8);

const event = (type: EventType, action: string, id: string, attributes: Record<string, string> = {}): EngineEvent => ({
  type,
  action,
  actor: { id, attributes },
  timeNano: 1n,
});

const start = event('container', 'start', ID, { name: 'web-1', image: 'busybox:1.36', tier: 'front', empty: '' });
const healthy = event('container', 'health_status: healthy', ID, { name: 'web-1', image: 'busybox:1.36' });
const exec = event('container', 'exec_start: sh -c true', ID, { name: 'web-1' });
const tag = event('image', 'tag', `sha256:${'ab'.repeat(32)}`, { name: 'docker.io/library/busybox:latest' });
const pull = event('image', 'pull', 'localhost:5000/team/app:v2', { name: 'localhost:5000/team/app' });
const network = event('network', 'connect', 'net123', { name: 'front', container: ID, type: 'bridge' });
const volume = event('volume', 'mount', 'data', { driver: 'local' });
const reload = event('daemon', 'reload', 'engine-1', { name: 'host-a' });

test('each filter selects as Docker does', () => {
  const all = { start, healthy, exec, tag, pull, network, volume, reload };
  const cases: [filters: Record<string, string[]>, selected: string[]][] = [
    [{}, Object.keys(all)],
    [{ type: ['image'] }, ['tag', 'pull']],
    [{ type: ['image', 'volume'] }, ['tag', 'pull', 'volume']],
    [{ type: ['imag'] }, []],
    [{ event: ['start'] }, ['start']],
    [{ event: ['star'] }, []],
    [{ event: ['health_status'] }, ['healthy']],
    [{ event: ['health_status: healthy'] }, ['healthy']],
    [{ event: ['health_status: unhealthy'] }, []],
    [{ event: ['exec_start'] }, ['exec']],
    [{ event: ['exec_start: sh -c true'] }, ['exec']],
    [{ event: ['exec_create', 'start', 'mou'] }, ['start', 'volume']],
    [{ container: ['web-1'] }, ['start', 'healthy', 'exec']],
    [{ container: ['web'] }, ['start', 'healthy', 'exec']],
    [{ container: [ID.slice(0, 12)] }, ['start', 'healthy', 'exec']],
    [{ container: ['eb-1'] }, []],
    [{ network: ['front'] }, ['network']],
    [{ network: ['net1'] }, ['network']],
    [{ volume: ['data'] }, ['volume']],
    [{ daemon: ['host-a'] }, ['reload']],
    [{ daemon: ['engine-1'] }, ['reload']],
    [{ image: ['busybox'] }, ['start', 'healthy', 'tag']],
    [{ image: ['busybox:1.36'] }, ['start', 'healthy']],
    [{ image: ['busy'] }, []],
    [{ image: ['localhost:5000/team/app'] }, ['pull']],
    [{ image: ['localhost:5000/team/app:v2'] }, ['pull']],
    [{ image: [`sha256:${'ab'.repeat(32)}`] }, ['tag']],
    [{ label: ['tier'] }, ['start']],
    [{ label: ['tier=front'] }, ['start']],
    [{ label: ['tier=front', 'missing'] }, []],
    [{ label: ['empty='] }, ['start']],
    [{ label: ['tier=back'] }, []],
    [{ label: ['constructor'] }, []],
    [{ scope: ['local'] }, Object.keys(all)],
    [{ scope: ['swarm'] }, []],
    [{ node: ['x'] }, []],
    [{ nonsense: ['x'] }, Object.keys(all)],
    [{ type: ['container'], event: ['start', 'die'], container: ['web-1', 'db'] }, ['start']],
    [{ type: [] }, Object.keys(all)],
  ];
  for (const [filters, selected] of cases) {
    const isWanted = compileEventFilter(new Map(Object.entries(filters)));
    const found = Object.entries(all).flatMap(([name, candidate]) => (isWanted(candidate) ? [name] : []));
    assert.deepEqual(found, selected, JSON.stringify(filters));
  }
});

test('a reference that takes long to match is never met', () => {
  const name = `${'a-'.repeat(20_000)}!`;
  const isWanted = compileEventFilter(new Map([['image', ['x']]]));
  const started = performance.now();
  assert.equal(isWanted(event('container', 'start', ID, { image: name })), false);
  assert.ok(performance.now() - started < 500);
});
