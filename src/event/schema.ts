// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '#core/database.ts';

/** `seq` is the order in which events happened; `attributes` is a JSON object of strings. */
export const eventSchema: Schema = {
  part: 'event',
  migrations: [
    `CREATE TABLE event (
       seq INTEGER PRIMARY KEY AUTOINCREMENT,
       time_ns INTEGER NOT NULL,
       type TEXT NOT NULL,
       action TEXT NOT NULL,
       actor_id TEXT NOT NULL,
       attributes TEXT NOT NULL
     ) STRICT;
     CREATE INDEX event_by_time ON event (time_ns);`,
  ],
};
