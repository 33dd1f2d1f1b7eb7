// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';

/** The tables of one part of the engine: each entry takes the schema one version further and never changes once released. */
export interface Schema {
  part: string;
  migrations: readonly string[];
}

/** Opens the engine's database. A committed transaction survives power loss (WAL with `synchronous=FULL`). */
export function openDatabase(path: string, schemas: readonly Schema[]): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;',
  );
  database.exec('CREATE TABLE IF NOT EXISTS schema_version (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  for (const schema of schemas) migrate(database, schema);
  return database;
}

function migrate(database: DatabaseSync, schema: Schema): void {
  const row = database.prepare('SELECT version FROM schema_version WHERE part = ?').get(schema.part);
  const from = Number(row?.version ?? 0);
  if (from > schema.migrations.length) {
    throw new Error(
      `the database was written by a newer version of Hoy (${schema.part} ${from}); use that version or another data root`,
    );
  }
  transaction(database, () => {
    for (const migration of schema.migrations.slice(from)) database.exec(migration);
    database
      .prepare('INSERT INTO schema_version VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET version = excluded.version')
      .run(schema.part, schema.migrations.length);
  });
}

/** More than SQLite's log holds before it begins again from its start (1000 pages), and a good part of a page list. */
const RESERVE_BYTES = 6 * 1024 * 1024;

/**
 * Makes the database's files so large that what makes room on a full disk (removing a container, an image) can still be
 * written: SQLite uses the space again, and gives none back. Takes a moment; to be called after each start. Throws when
 * there is no space even now.
 */
export function reserveSpace(database: DatabaseSync): void {
  database.exec('CREATE TABLE IF NOT EXISTS reserve (filler BLOB) STRICT');
  database.prepare('INSERT INTO reserve VALUES (zeroblob(?))').run(RESERVE_BYTES);
  database.exec('DELETE FROM reserve');
}

/** Runs `body` in one transaction: all of it or, if it throws, none. `body` must not wait. */
export function transaction<T>(database: DatabaseSync, body: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = body();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has made SQLite roll back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Runs `body`, whose writes then survive a kill of the engine but perhaps not the loss of power: it costs no wait for the disk.
 * SQLite takes the setting per connection; `body` must not wait, so nobody else writes in between.
 */
export function withoutSync<T>(database: DatabaseSync, body: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return body();
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}
