// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '#core/database.ts';

/**
 * `diff`: an unpacked tar, in a directory of its own. `layer`: a diff on top of a parent; several images may put the
 * same diff on different parents, and share its directory. `snapshot`: a container's writable layer.
 */
export const layerSchema: Schema = {
  part: 'layer',
  migrations: [
    `CREATE TABLE diff (
       diff_id TEXT PRIMARY KEY,
       link TEXT NOT NULL UNIQUE,
       size_bytes INTEGER NOT NULL,
       blob_digest TEXT NOT NULL
     ) STRICT;
     CREATE INDEX diff_blob ON diff (blob_digest);
     CREATE TABLE layer (
       chain_id TEXT PRIMARY KEY,
       diff_id TEXT NOT NULL REFERENCES diff (diff_id),
       parent TEXT REFERENCES layer (chain_id)
     ) STRICT;
     CREATE INDEX layer_parent ON layer (parent);
     CREATE INDEX layer_diff ON layer (diff_id);
     CREATE TABLE snapshot (
       id TEXT PRIMARY KEY,
       parent TEXT
     ) STRICT;
     CREATE INDEX snapshot_parent ON snapshot (parent);`,
  ],
};
