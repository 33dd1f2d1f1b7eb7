// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openDatabase, reserveSpace, transaction } from '#core/database.ts';
import { isDiskFull } from '#core/disk-full.ts';

interface Fixture extends Disposable {
  database: DatabaseSync;
  path: string;
}

function open(): Fixture {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-db-'));
  const path = join(directory, 'db');
  const database = openDatabase(path, [
    { part: 'test', migrations: ['CREATE TABLE thing (name TEXT PRIMARY KEY, data BLOB) STRICT'] },
  ]);
  return {
    database,
    path,
    [Symbol.dispose]() {
      database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const insert = ({ database }: Fixture, name: string, bytes: number): void =>
  void database.prepare('INSERT INTO thing VALUES (?, zeroblob(?))').run(name, bytes);

test('a transaction that fails leaves nothing, and its own reason is told', () => {
  using fixture = open();
  const failing = () =>
    transaction(fixture.database, () => {
      insert(fixture, 'a', 1);
      insert(fixture, 'a', 1);
    });
  assert.throws(failing, /UNIQUE/);
  assert.equal(fixture.database.prepare('SELECT count(*) AS n FROM thing').get()?.n, 0);
});

test("when the database can't grow, that is what is told, and the next transaction works", () => {
  using fixture = open();
  fixture.database.exec('PRAGMA max_page_count = 20');
  const large = () => transaction(fixture.database, () => insert(fixture, 'a', 1 << 20));
  assert.throws(large, (error) => isDiskFull(error) && /full/.test(String(error)));
  transaction(fixture.database, () => insert(fixture, 'b', 1));
});

test('with space in reserve, a thousand removals make no file larger', () => {
  using fixture = open();
  for (let i = 0; i < 1000; i += 1) insert(fixture, `${i}`, 10);
  reserveSpace(fixture.database);
  const sizes = () => [statSync(fixture.path).size, statSync(`${fixture.path}-wal`).size];
  const before = sizes();
  for (let i = 0; i < 1000; i += 1) fixture.database.prepare('DELETE FROM thing WHERE name = ?').run(`${i}`);
  reserveSpace(fixture.database);
  insert(fixture, 'more', 1 << 20);
  assert.deepEqual(sizes(), before);
});

test('a full disk is known by what says so', () => {
  const from = (fields: object) => Object.assign(new Error('x'), fields);
  assert.ok(isDiskFull(from({ code: 'ENOSPC' })));
  assert.ok(isDiskFull(from({ code: 'EDQUOT' })));
  assert.ok(isDiskFull(new Error('y', { cause: from({ errcode: 13 }) })));
  for (const other of [from({ code: 'EIO' }), from({ errcode: 5 }), 'ENOSPC', undefined]) assert.ok(!isDiskFull(other));
});
