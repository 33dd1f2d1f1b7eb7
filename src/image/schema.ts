// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '#core/database.ts';

/**
 * `target`: a manifest or index that was brought here as a whole, with the blobs it is made of. `image`: a config that
 * can be run. A target has one image for each platform that is here; the first choice for this host is the one that
 * stands for it.
 */
export const imageSchema: Schema = {
  part: 'image',
  migrations: [
    `CREATE TABLE image (
       id TEXT PRIMARY KEY,
       config TEXT NOT NULL,
       size_bytes INTEGER NOT NULL,
       last_tagged_ms INTEGER
     ) STRICT;
     CREATE TABLE image_layer (
       image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
       position INTEGER NOT NULL,
       chain_id TEXT NOT NULL,
       PRIMARY KEY (image_id, position)
     ) STRICT;
     CREATE INDEX image_layer_chain ON image_layer (chain_id);
     CREATE TABLE target (
       digest TEXT PRIMARY KEY,
       media_type TEXT NOT NULL,
       size_bytes INTEGER NOT NULL,
       image_id TEXT NOT NULL REFERENCES image (id)
     ) STRICT;
     CREATE INDEX target_image ON target (image_id);
     CREATE TABLE target_manifest (
       target TEXT NOT NULL REFERENCES target (digest) ON DELETE CASCADE,
       position INTEGER NOT NULL,
       digest TEXT NOT NULL,
       media_type TEXT NOT NULL,
       size_bytes INTEGER NOT NULL,
       kind TEXT NOT NULL,
       platform TEXT,
       image_id TEXT REFERENCES image (id),
       content_bytes INTEGER NOT NULL,
       PRIMARY KEY (target, position)
     ) STRICT;
     CREATE INDEX target_manifest_image ON target_manifest (image_id);
     CREATE TABLE target_blob (
       target TEXT NOT NULL REFERENCES target (digest) ON DELETE CASCADE,
       digest TEXT NOT NULL,
       PRIMARY KEY (target, digest)
     ) STRICT;
     CREATE INDEX target_blob_digest ON target_blob (digest);
     CREATE TABLE reference (
       name TEXT PRIMARY KEY,
       target TEXT NOT NULL REFERENCES target (digest),
       image_id TEXT NOT NULL REFERENCES image (id)
     ) STRICT;
     CREATE INDEX reference_image ON reference (image_id);
     CREATE INDEX reference_target ON reference (target);`,
  ],
};
