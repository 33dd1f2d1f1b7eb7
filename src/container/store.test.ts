// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { containerRecord } from '#container/container-testing.ts';
import { ContainerStore, containerSchema } from '#container/store.ts';
import { openDatabase } from '#core/database.ts';
import { newId } from '#core/ids.ts';
import type { ContainerRecord, ExecRecord } from '#model/container.ts';

/** Opens the store of one directory as often as it is called, as an engine does that is killed and started again. */
function storeOpener(t: TestContext): () => ContainerStore {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-store-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return () => {
    const database = openDatabase(join(directory, 'db'), [containerSchema]);
    t.after(() => database.close());
    return new ContainerStore(database);
  };
}

function insert(store: ContainerStore, more: Partial<ContainerRecord> = {}): ContainerRecord {
  const record = containerRecord(more);
  using _name = store.reserveName(record.name, record.id);
  store.insert(record, 'power-loss');
  return record;
}

const execOf = (containerId: string): ExecRecord => ({
  id: newId(),
  containerId,
  config: {
    tty: false,
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    detachKeys: '',
    env: [],
    argv: ['true'],
    privileged: false,
    user: '',
    workingDir: '',
  },
  state: { status: 'created' },
});

test('what was written is there, dates and all, when the store is opened again', (t) => {
  const open = storeOpener(t);
  const record = insert(open(), {
    state: { status: 'running', pid: 7, startedAt: new Date(5), lastFinishedAt: new Date(4) },
    health: {
      status: 'healthy',
      failingStreak: 0,
      log: [{ start: new Date(1), end: new Date(2), exitCode: 0, output: 'é' }],
    },
  });
  assert.deepEqual(open().get(record.id), record);
});

test('labels that look like dates stay text', (t) => {
  const open = storeOpener(t);
  const labels = { startedAt: '2026-01-01T00:00:00.000Z', __proto__x: '' };
  const record = insert(open(), { config: { ...containerRecord().config, labels } });
  assert.deepEqual(open().get(record.id)?.config.labels, labels);
});

test('a change of life and of definition survives', (t) => {
  const open = storeOpener(t);
  const store = open();
  const { id } = insert(store, { name: 'old' });
  store.saveLife(id, (record) => ({ ...record, restartCount: 3, hasBeenManuallyStopped: true }));
  using _name = store.reserveName('new', id);
  store.saveDefinition(id, (record) => ({ ...record, name: 'new' }));
  const again = open();
  assert.equal(again.find('new').restartCount, 3);
  assert.equal(again.find('new').hasBeenManuallyStopped, true);
  assert.ok(!again.isNameTaken('old'));
});

test('a container is found by ID, by name with and without a slash, and by the beginning of its ID', (t) => {
  const store = storeOpener(t)();
  const first = insert(store, { id: `aa1${'0'.repeat(61)}`, name: 'one' });
  const second = insert(store, { id: `aa2${'0'.repeat(61)}`, name: 'aa1' });
  for (const ref of [first.id, 'one', '/one', `aa1${'0'.repeat(10)}`]) assert.equal(store.find(ref).id, first.id, ref);
  assert.equal(store.find('aa1').id, second.id, 'a name comes before the beginning of an ID');
  assert.throws(() => store.find('aa'), { message: 'multiple IDs found with provided prefix: aa' });
  for (const ref of ['', 'nope', 'bb', '/', 'AA1', `${first.id}0`, '../one']) {
    assert.throws(() => store.find(ref), { code: 'not-found', message: `No such container: ${ref}` }, ref);
  }
});

test('a name belongs to one container, and is free again when it was not made', (t) => {
  const store = storeOpener(t)();
  const { id } = insert(store, { name: 'mine' });
  const message =
    `Conflict. The container name "/mine" is already in use by container "${id}". ` +
    'You have to remove (or rename) that container to be able to reuse that name.';
  assert.throws(() => store.reserveName('mine', newId()), { code: 'conflict', message });
  {
    using _name = store.reserveName('theirs', newId());
    assert.throws(() => store.reserveName('theirs', newId()), { code: 'conflict' });
  }
  assert.ok(!store.isNameTaken('theirs'));
  store.delete(id, 'power-loss');
  assert.ok(!store.isNameTaken('mine'));
});

test('a container that is gone is gone with its execs, and can’t be changed', (t) => {
  const open = storeOpener(t);
  const store = open();
  const { id } = insert(store);
  const exec = execOf(id);
  store.saveExec(exec);
  assert.deepEqual(store.execsOf(id), [exec]);
  store.delete(id, 'crash');
  store.delete(id, 'crash');
  assert.equal(store.getExec(exec.id), undefined);
  assert.throws(() => store.saveLife(id, (record) => record), { code: 'not-found' });
  const again = open();
  assert.equal(again.get(id), undefined);
  assert.equal(again.getExec(exec.id), undefined);
});

test('an exec survives, and is forgotten on demand', (t) => {
  const open = storeOpener(t);
  const store = open();
  const exec = execOf(insert(store).id);
  store.saveExec(exec);
  store.saveExec({ ...exec, state: { status: 'exited', exitCode: 3, pid: 9 } });
  assert.deepEqual(open().getExec(exec.id)?.state, { status: 'exited', exitCode: 3, pid: 9 });
  store.deleteExec(exec.id);
  assert.equal(open().getExec(exec.id), undefined);
});

test('nothing is changed in memory when the database refuses', (t) => {
  const store = storeOpener(t)();
  const { id } = insert(store, { name: 'taken' });
  insert(store, { name: 'other' });
  assert.throws(() => store.saveDefinition(id, (record) => ({ ...record, name: 'other' })));
  assert.equal(store.get(id)?.name, 'taken');
});

test('containers are listed in the order of their creation', (t) => {
  const store = storeOpener(t)();
  insert(store, { name: 'late', createdAt: new Date(2000) });
  insert(store, { name: 'early', createdAt: new Date(1000) });
  assert.deepEqual(
    store.all().map(({ name }) => name),
    ['early', 'late'],
  );
});
