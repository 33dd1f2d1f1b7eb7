// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ambiguousPrefix, nameTaken, noSuchContainer } from '#container/failures.ts';
import { decodeContainer, decodeExec, encodeDefinition, encodeExec, encodeLife } from '#container/record-json.ts';
import { type Schema, transaction, withoutSync } from '#core/database.ts';
import type { ContainerRecord, ExecRecord } from '#model/container.ts';

export const containerSchema: Schema = {
  part: 'container',
  migrations: [
    `CREATE TABLE container (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       definition TEXT NOT NULL,
       life TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE exec (
       id TEXT PRIMARY KEY,
       container TEXT NOT NULL REFERENCES container (id) ON DELETE CASCADE,
       record TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX exec_by_container ON exec (container);`,
  ],
};

/**
 * `power-loss`: synced to the disk before the call returns. `crash`: survives the death of the engine only, which is
 * enough for what no process survives either, and spares the wait for the disk.
 */
export type Durability = 'power-loss' | 'crash';

/**
 * Every container and exec, in the database and in memory; both always agree. A write is in the database when the call
 * returns. Reads never wait.
 */
export class ContainerStore {
  readonly #database: DatabaseSync;
  readonly #statements: Record<keyof typeof SQL, StatementSync>;
  readonly #containers = new Map<string, ContainerRecord>();
  readonly #execs = new Map<string, ExecRecord>();
  readonly #execIds = new Map<string, Set<string>>();
  /** Names in use and those that a container in the making has reserved. */
  readonly #names = new Map<string, string>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareAll(database);
    for (const row of this.#statements.allContainers.all()) {
      const record = decodeContainer({ definition: String(row.definition), life: String(row.life) });
      this.#containers.set(record.id, record);
      this.#names.set(record.name, record.id);
    }
    for (const row of this.#statements.allExecs.all()) {
      this.#keepExec(decodeExec(String(row.record)));
    }
  }

  get(id: string): ContainerRecord | undefined {
    return this.#containers.get(id);
  }

  /** In the order of their creation. */
  all(): ContainerRecord[] {
    return [...this.#containers.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  }

  /** By full ID, name (with or without a slash), or the beginning of exactly one ID, tried in this order. */
  find(ref: string): ContainerRecord {
    const name = ref.startsWith('/') ? ref.slice(1) : ref;
    const exact = this.#containers.get(ref) ?? this.#containers.get(this.#names.get(name) ?? '');
    if (exact) return exact;
    let found: ContainerRecord | undefined;
    if (/^[0-9a-f]{1,63}$/.test(ref)) {
      for (const [id, record] of this.#containers) {
        if (!id.startsWith(ref)) continue;
        if (found) throw ambiguousPrefix(ref);
        found = record;
      }
    }
    if (!found) throw noSuchContainer(ref);
    return found;
  }

  isNameTaken(name: string): boolean {
    return this.#names.has(name);
  }

  /** Keeps `name` for a container that is being made. Disposing gives it back unless the container exists by then. */
  reserveName(name: string, id: string): Disposable {
    const holder = this.#names.get(name);
    if (holder !== undefined) throw nameTaken(name, holder);
    this.#names.set(name, id);
    return {
      [Symbol.dispose]: () => {
        if (this.#containers.get(id)?.name !== name) this.#names.delete(name);
      },
    };
  }

  /** Its name must have been reserved for it. */
  insert(record: ContainerRecord, durability: Durability): void {
    this.#write(durability, () =>
      this.#statements.insertContainer.run(record.id, record.name, encodeDefinition(record), encodeLife(record)),
    );
    this.#containers.set(record.id, record);
  }

  /** Changes what lives: state, health, counts. Throws `not-found` if the container was removed meanwhile. */
  saveLife(id: string, change: (record: ContainerRecord) => ContainerRecord): ContainerRecord {
    const record = change(this.#expect(id));
    this.#write('crash', () => this.#statements.updateLife.run(encodeLife(record), id));
    this.#containers.set(id, record);
    return record;
  }

  /** Changes the definition: rename and update. */
  saveDefinition(id: string, change: (record: ContainerRecord) => ContainerRecord): ContainerRecord {
    const before = this.#expect(id);
    const record = change(before);
    this.#write('power-loss', () =>
      this.#statements.updateDefinition.run(record.name, encodeDefinition(record), encodeLife(record), id),
    );
    this.#containers.set(id, record);
    if (record.name !== before.name) {
      this.#names.delete(before.name);
      this.#names.set(record.name, id);
    }
    return record;
  }

  /** With its execs. Nothing happens if it is gone already. */
  delete(id: string, durability: Durability): void {
    const record = this.#containers.get(id);
    if (!record) return;
    this.#write(durability, () => this.#statements.deleteContainer.run(id));
    this.#containers.delete(id);
    this.#names.delete(record.name);
    for (const exec of this.execsOf(id)) this.#execs.delete(exec.id);
    this.#execIds.delete(id);
  }

  getExec(id: string): ExecRecord | undefined {
    return this.#execs.get(id);
  }

  execsOf(containerId: string): ExecRecord[] {
    return [...(this.#execIds.get(containerId) ?? [])].flatMap((id) => this.#execs.get(id) ?? []);
  }

  saveExec(exec: ExecRecord): void {
    this.#write('crash', () => this.#statements.putExec.run(exec.id, exec.containerId, encodeExec(exec)));
    this.#keepExec(exec);
  }

  #keepExec(exec: ExecRecord): void {
    this.#execs.set(exec.id, exec);
    const siblings = this.#execIds.get(exec.containerId);
    if (siblings) siblings.add(exec.id);
    else this.#execIds.set(exec.containerId, new Set([exec.id]));
  }

  deleteExec(id: string): void {
    const exec = this.#execs.get(id);
    if (!exec) return;
    this.#write('crash', () => this.#statements.deleteExec.run(id));
    this.#execs.delete(id);
    this.#execIds.get(exec.containerId)?.delete(id);
  }

  #expect(id: string): ContainerRecord {
    const record = this.#containers.get(id);
    if (!record) throw noSuchContainer(id);
    return record;
  }

  #write(durability: Durability, body: () => unknown): void {
    if (durability === 'power-loss') transaction(this.#database, body);
    else withoutSync(this.#database, body);
  }
}

const SQL = {
  allContainers: 'SELECT definition, life FROM container',
  insertContainer: 'INSERT INTO container (id, name, definition, life) VALUES (?, ?, ?, ?)',
  updateLife: 'UPDATE container SET life = ? WHERE id = ?',
  updateDefinition: 'UPDATE container SET name = ?, definition = ?, life = ? WHERE id = ?',
  deleteContainer: 'DELETE FROM container WHERE id = ?',
  allExecs: 'SELECT record FROM exec',
  putExec: `INSERT INTO exec (id, container, record) VALUES (?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
  deleteExec: 'DELETE FROM exec WHERE id = ?',
} as const;

function prepareAll(database: DatabaseSync): Record<keyof typeof SQL, StatementSync> {
  const entries = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)] as const);
  return Object.fromEntries(entries) as Record<keyof typeof SQL, StatementSync>;
}
