// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { transaction, withoutSync } from '#core/database.ts';
import type { EngineEvent, EventType } from '#model/event.ts';

/** An event and its place in the order of all. */
export interface StoredEvent {
  seq: number;
  event: EngineEvent;
}

/** The events in the database. */
export class EventTable {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #lastSeq: StatementSync;
  readonly #firstSince: StatementSync;
  readonly #deleteOldest: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      'INSERT INTO event (time_ns, type, action, actor_id, attributes) VALUES (?, ?, ?, ?, ?)',
    );
    this.#select = database.prepare('SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#select.setReadBigInts(true);
    this.#lastSeq = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'");
    this.#firstSince = database.prepare('SELECT seq FROM event WHERE time_ns >= ? ORDER BY time_ns, seq LIMIT 1');
    this.#deleteOldest = database.prepare(
      'DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE seq <= ? ORDER BY seq LIMIT ?)',
    );
  }

  /** Stores all of them or none; survives a kill of the engine when it returns. */
  append(events: readonly EngineEvent[]): StoredEvent[] {
    return withoutSync(this.#database, () =>
      transaction(this.#database, () => events.map((event) => this.#store(event))),
    );
  }

  #store(event: EngineEvent): StoredEvent {
    const { type, action, actor, timeNano } = event;
    const row = this.#insert.run(timeNano, type, action, actor.id, JSON.stringify(actor.attributes));
    return { seq: Number(row.lastInsertRowid), event };
  }

  /** The number of the last event that was ever stored; 0 if none was. */
  lastSeq(): number {
    return Number(this.#lastSeq.get()?.seq ?? 0);
  }

  /** The first event at or after a moment; `undefined` if there is none. */
  firstSince(timeNano: bigint): number | undefined {
    const seq = this.#firstSince.get(timeNano)?.seq;
    return seq === undefined ? undefined : Number(seq);
  }

  /** Events after number `seq`, oldest first. */
  after(seq: number, limit: number): StoredEvent[] {
    return this.#select.all(seq, limit).map((row) => ({
      seq: Number(row.seq),
      event: {
        type: String(row.type) as EventType,
        action: String(row.action),
        actor: { id: String(row.actor_id), attributes: JSON.parse(String(row.attributes)) },
        timeNano: BigInt(row.time_ns as bigint),
      },
    }));
  }

  /** Deletes up to `limit` of the events up to number `seq`; returns how many it found. */
  deleteUpTo(seq: number, limit: number): number {
    return Number(this.#deleteOldest.run(seq, limit).changes);
  }
}
