// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { transaction, withoutSync } from '#core/database.ts';
import type { Layer } from '#layer/types.ts';

/** One unpacked tar. */
export interface Diff {
  diffId: string;
  /** Name of the short symbolic link to its directory. */
  link: string;
  sizeBytes: number;
  /** The blob that it was unpacked from, in any compression. */
  blobDigest: string;
}

const LAYER_COLUMNS = `SELECT chain_id, layer.diff_id AS diff_id, parent, size_bytes, link
  FROM layer JOIN diff ON diff.diff_id = layer.diff_id`;

/** The tables of layers and snapshots. */
export class LayerRows {
  readonly #database: DatabaseSync;
  readonly #byChain: StatementSync;
  readonly #snapshotParent: StatementSync;
  readonly #addSnapshot: StatementSync;
  readonly #deleteSnapshot: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#byChain = database.prepare(`${LAYER_COLUMNS} WHERE chain_id = ?`);
    this.#snapshotParent = database.prepare('SELECT parent FROM snapshot WHERE id = ?');
    this.#addSnapshot = database.prepare('INSERT INTO snapshot VALUES (?, ?)');
    this.#deleteSnapshot = database.prepare('DELETE FROM snapshot WHERE id = ?');
  }

  layer(chainId: string): (Layer & { link: string }) | undefined {
    const row = this.#byChain.get(chainId);
    return row && layerFrom(row);
  }

  layers(): Layer[] {
    return this.#database.prepare(LAYER_COLUMNS).all().map(layerFrom);
  }

  /** The layer and all below it, top first. */
  chain(chainId: string): (Layer & { link: string })[] {
    const chain: (Layer & { link: string })[] = [];
    for (let at: string | undefined = chainId; at !== undefined; ) {
      const layer = this.layer(at);
      if (layer === undefined) throw new Error(`layer ${at} is missing from the database`);
      chain.push(layer);
      at = layer.parent;
    }
    return chain;
  }

  diff(digest: string): Diff | undefined {
    const row = this.#database.prepare('SELECT * FROM diff WHERE diff_id = ? OR blob_digest = ?').get(digest, digest);
    return row && diffFrom(row);
  }

  diffs(): Diff[] {
    return this.#database.prepare('SELECT * FROM diff').all().map(diffFrom);
  }

  /** All or none; rows that are there already stay as they are. */
  insert(diffs: readonly Diff[], layers: readonly Omit<Layer, 'sizeBytes'>[]): void {
    const addDiff = this.#database.prepare('INSERT INTO diff VALUES (?, ?, ?, ?) ON CONFLICT (diff_id) DO NOTHING');
    const addLayer = this.#database.prepare('INSERT INTO layer VALUES (?, ?, ?) ON CONFLICT (chain_id) DO NOTHING');
    transaction(this.#database, () => {
      for (const { diffId, link, sizeBytes, blobDigest } of diffs) addDiff.run(diffId, link, sizeBytes, blobDigest);
      for (const { chainId, diffId, parent } of layers) addLayer.run(chainId, diffId, parent ?? null);
    });
  }

  /** Why the layer can't be removed, or `undefined`. */
  userOf(chainId: string): string | undefined {
    if (this.#count('SELECT count(*) AS n FROM layer WHERE parent = ?', chainId) > 0) return 'other layers';
    if (this.#count('SELECT count(*) AS n FROM snapshot WHERE parent = ?', chainId) > 0) return 'a container';
    return undefined;
  }

  /** Removes the layer's row; returns the diff if no other layer has it, whose row is removed too. */
  remove(chainId: string): Diff | undefined {
    return transaction(this.#database, () => {
      const layer = this.layer(chainId);
      if (layer === undefined) return undefined;
      this.#database.prepare('DELETE FROM layer WHERE chain_id = ?').run(chainId);
      if (this.#count('SELECT count(*) AS n FROM layer WHERE diff_id = ?', layer.diffId) > 0) return undefined;
      const diff = this.diff(layer.diffId);
      this.#database.prepare('DELETE FROM diff WHERE diff_id = ?').run(layer.diffId);
      return diff;
    });
  }

  /** Not synced by itself: the row of the container that follows takes it to the disk, and without that one it is of no use. */
  addSnapshot(id: string, parent: string | undefined): void {
    withoutSync(this.#database, () => this.#addSnapshot.run(id, parent ?? null));
  }

  /** `undefined` if there is no such snapshot. */
  snapshot(id: string): { parent: string | undefined } | undefined {
    const row = this.#snapshotParent.get(id);
    return row && { parent: row.parent === null ? undefined : String(row.parent) };
  }

  /** Not synced: a row without its container is removed at the next start. */
  removeSnapshot(id: string): void {
    withoutSync(this.#database, () => this.#deleteSnapshot.run(id));
  }

  snapshotIds(): string[] {
    return this.#database
      .prepare('SELECT id FROM snapshot')
      .all()
      .map((row) => String(row.id));
  }

  #count(query: string, ...values: string[]): number {
    return Number(this.#database.prepare(query).get(...values)?.n);
  }
}

type Row = Record<string, unknown>;

function layerFrom(row: Row): Layer & { link: string } {
  return {
    chainId: String(row.chain_id),
    diffId: String(row.diff_id),
    ...(row.parent !== null && { parent: String(row.parent) }),
    sizeBytes: Number(row.size_bytes),
    link: String(row.link),
  };
}

const diffFrom = (row: Row): Diff => ({
  diffId: String(row.diff_id),
  link: String(row.link),
  sizeBytes: Number(row.size_bytes),
  blobDigest: String(row.blob_digest),
});
