// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig, containerRecord, hostConfig } from '#container/container-testing.ts';
import { type Listed, type ListFilterDeps, selectContainers } from '#container/list-filters.ts';
import { type ErrorCode, isEngineError } from '#core/errors.ts';
import type { ContainerRecord, ContainerState } from '#model/container.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 0, minute));
const ended = { exitCode: 0, oomKilled: false, error: '', startedAt: at(0), finishedAt: at(1) };

function listed(
  name: string,
  minute: number,
  state: ContainerState,
  more: Partial<ContainerRecord> = {},
  mounts: Listed['mounts'] = [],
): Listed {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  return {
    record: containerRecord({ id, name, createdAt: at(minute), imageId: `sha256:${name}`, state, ...more }),
    mounts,
  };
}

const running: ContainerState = { status: 'running', pid: 1, startedAt: at(0) };

const ALL: Listed[] = [
  listed(
    'db',
    1,
    running,
    {
      imageId: 'sha256:base',
      config: containerConfig({ labels: { app: 'shop', tier: 'data' }, exposedPorts: ['5432/tcp'] }),
      health: { status: 'healthy', failingStreak: 0, log: [] },
      hostConfig: hostConfig({ networkMode: 'host' }),
    },
    [{ name: 'pgdata', source: '/var/lib/hoy/volumes/pgdata', destination: '/data' }],
  ),
  listed(
    'web-1',
    2,
    running,
    {
      imageId: 'sha256:app',
      config: containerConfig({ labels: { app: 'shop', tier: 'front', empty: '' } }),
      networks: {
        front: {
          aliases: [],
          links: [],
          macAddress: '',
          ipv4Address: '',
          ipv6Address: '',
          driverOptions: {},
          gatewayPriority: 0,
        },
      },
      hostConfig: hostConfig({ portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }], '53/udp': [] } }),
    },
    [{ source: '/srv/www', destination: '/www' }],
  ),
  listed('paused', 3, { status: 'paused', pid: 2, startedAt: at(0) }),
  listed('again', 4, { ...ended, status: 'restarting', exitCode: 3 }),
  listed('new', 5, { status: 'created', error: '', exitCode: 0 }),
  listed('failed-start', 6, { status: 'created', error: 'x', exitCode: 127 }),
  listed('done', 7, { ...ended, status: 'exited' }),
  listed('crashed', 8, { ...ended, status: 'exited', exitCode: 137 }),
];

const deps: ListFilterDeps = {
  findContainer: (ref) => ALL.find(({ record }) => record.name === ref || record.id === ref)?.record,
  imageIdsFrom: async (ref) => ({ base: ['sha256:base', 'sha256:app'], app: ['sha256:app'] })[ref] ?? [],
};

async function select(
  filters: Record<string, string[]>,
  options: { all?: boolean; limit?: number } = {},
): Promise<string> {
  const found = await selectContainers(
    ALL,
    { all: true, limit: 0, ...options, filters: new Map(Object.entries(filters)) },
    deps,
  );
  return found.map(({ record }) => record.name).join(' ');
}

const EVERY = 'crashed done failed-start new again paused web-1 db';

test('without all only what is alive is shown, newest first', async () => {
  assert.equal(await select({}), EVERY);
  assert.equal(await select({}, { all: false }), 'again paused web-1 db');
});

test('a limit shows the newest, whether they run or not', async () => {
  assert.equal(await select({}, { all: false, limit: 3 }), 'crashed done failed-start');
  assert.equal(await select({ label: ['app=shop'] }, { limit: 1 }), 'web-1');
});

test('each filter selects as Docker does', async () => {
  const id = (name: string): string => ALL.find(({ record }) => record.name === name)?.record.id ?? '';
  const cases: [filters: Record<string, string[]>, selected: string][] = [
    [{ id: [id('db')] }, 'db'],
    [{ id: [id('db').slice(0, 4)] }, 'db'],
    [{ id: [''] }, ''],
    [{ id: ['ffff'] }, ''],
    [{ name: ['web'] }, 'web-1'],
    [{ name: ['^/web-1$'] }, 'web-1'],
    [{ name: ['^(db|done)$'] }, 'done db'],
    [{ name: ['e'] }, 'crashed done failed-start new paused web-1'],
    [{ name: ['(?i)DB'] }, 'db'],
    [{ name: ['('] }, ''],
    [{ name: ['db'], id: [id('web-1')] }, ''],
    [{ label: ['app'] }, 'web-1 db'],
    [{ label: ['app=shop', 'tier=front'] }, 'web-1'],
    [{ label: ['empty='] }, 'web-1'],
    [{ label: ['toString'] }, ''],
    [{ status: ['running'] }, 'web-1 db'],
    [{ status: ['exited', 'created'] }, 'crashed done failed-start new'],
    [{ status: ['restarting'] }, 'again'],
    [{ exited: ['0'] }, 'done'],
    [{ exited: ['137', '0'] }, 'crashed done'],
    [{ exited: ['127'] }, ''],
    [{ exited: ['3'] }, ''],
    [{ health: ['healthy'] }, 'db'],
    [{ health: ['none'] }, 'crashed done failed-start new again paused web-1'],
    [{ ancestor: ['base'] }, 'web-1 db'],
    [{ ancestor: ['app'] }, 'web-1'],
    [{ ancestor: ['unknown'] }, ''],
    [{ ancestor: ['unknown', 'app'] }, 'web-1'],
    [{ before: ['new'] }, 'again paused web-1 db'],
    [{ since: ['new'] }, 'crashed done failed-start'],
    [{ since: ['/db'], before: ['again'] }, 'paused web-1'],
    [{ volume: ['pgdata'] }, 'db'],
    [{ volume: ['/www'] }, 'web-1'],
    [{ volume: ['/srv/www'] }, 'web-1'],
    [{ volume: ['/var/lib/hoy/volumes/pgdata'] }, ''],
    [{ network: ['front'] }, 'web-1'],
    [{ network: ['host'] }, 'db'],
    [{ publish: ['8080'] }, 'web-1'],
    [{ publish: ['8000-9000/tcp'] }, 'web-1'],
    [{ publish: ['80'] }, ''],
    [{ publish: ['8080/udp'] }, ''],
    [{ expose: ['80'] }, 'web-1'],
    [{ expose: ['53/udp'] }, 'web-1'],
    [{ expose: ['5000-6000'] }, 'db'],
    [{ publish: ['8080'], expose: ['5432'] }, 'web-1 db'],
    [{ 'is-task': ['true'] }, ''],
    [{ 'is-task': ['false'] }, EVERY],
    [{ isolation: ['default'] }, EVERY],
    [{ status: [] }, EVERY],
  ];
  for (const [filters, selected] of cases) assert.equal(await select(filters), selected, JSON.stringify(filters));
});

test('a status filter shows containers that do not run', async () => {
  assert.equal(await select({ status: ['exited'] }, { all: false }), 'crashed done');
});

test('bad filters are refused with the words that Docker uses', async () => {
  const cases: [filters: Record<string, string[]>, code: ErrorCode, message: string][] = [
    [{ nonsense: ['x'] }, 'invalid-parameter', "invalid filter 'nonsense'"],
    [
      { status: ['up'] },
      'invalid-parameter',
      "invalid filter 'status=up': invalid value for state (up): must be one of created, running, paused, restarting, removing, exited, dead",
    ],
    [
      { health: ['ill'] },
      'invalid-parameter',
      "invalid filter 'health=ill': invalid value for health (ill): must be one of none, starting, healthy, unhealthy",
    ],
    [{ exited: ['x'] }, 'invalid-parameter', `invalid filter 'exited=x': strconv.Atoi: parsing "x": invalid syntax`],
    [{ 'is-task': ['maybe'] }, 'invalid-parameter', "invalid filter 'is-task=[maybe]'"],
    [{ 'is-task': ['0', 'true'] }, 'invalid-parameter', "invalid filter 'is-task=[0 true]'"],
    [{ before: ['ghost'] }, 'not-found', 'No such container: ghost'],
    [{ since: ['ghost'] }, 'not-found', 'No such container: ghost'],
    [{ publish: ['80:80'] }, 'invalid-parameter', "filter for 'publish' should not contain ':': 80:80"],
    [
      { expose: ['http'] },
      'invalid-parameter',
      "error while looking up for expose http: invalid start port 'http': invalid syntax",
    ],
    [{ expose: ['90-80'] }, 'invalid-parameter', 'error while looking up for expose 90-80: invalid port range: 90-80'],
    [
      { expose: ['70000'] },
      'invalid-parameter',
      "error while looking up for expose 70000: invalid start port '70000': value out of range",
    ],
    [{ publish: [''] }, 'invalid-parameter', 'error while looking up for publish : invalid port range: value is empty'],
  ];
  for (const [filters, code, message] of cases) {
    await assert.rejects(
      select(filters),
      (error) => isEngineError(error, code) && error.message === message,
      JSON.stringify(filters),
    );
  }
});

test('a pattern that would take for ever is cut off', async () => {
  const trap = [listed(`${'a'.repeat(60)}b`, 1, running), listed('aaa', 2, running)];
  const started = performance.now();
  const found = await selectContainers(trap, { all: true, limit: 0, filters: new Map([['name', ['^(a+)+$']]]) }, deps);
  assert.ok(performance.now() - started < 3000);
  assert.ok(found.length <= 1);
});
