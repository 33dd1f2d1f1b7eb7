// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { BlobStore } from '#content/blob-store.ts';
import { openDatabase, type Schema } from '#core/database.ts';
import { silentLogger } from '#core/logger.ts';
import { DirectoryLayerStore, type DirectoryLayerStoreOptions } from '#layer/layer-store.ts';
import { layerSchema } from '#layer/schema.ts';
import { OverlaySnapshotStore } from '#layer/snapshot-store.ts';
import type { Layer } from '#layer/types.ts';
import { WorkerPool } from '#layer/worker-pool.ts';
import type { TarEntry } from '#tar/entry.ts';
import { END_OF_ARCHIVE, member, tarEntry } from '#tar/writer.ts';

/** For tests: real stores in a directory of their own, on the real file system. */
export interface TestStores extends AsyncDisposable {
  root: string;
  database: DatabaseSync;
  content: BlobStore;
  pool: WorkerPool;
  layers: DirectoryLayerStore;
  snapshots: OverlaySnapshotStore;
  /** Unpacks a layer made of members. */
  add(members: readonly Buffer[], parent?: string): Promise<Layer>;
  /** The stores as a new process would find them. */
  reopen(): Promise<DirectoryLayerStore>;
}

export interface TestStoreOptions extends DirectoryLayerStoreOptions {
  driver?: string;
  schemas?: readonly Schema[];
}

export async function openStores(options: TestStoreOptions = {}): Promise<TestStores> {
  const root = mkdtempSync(join(tmpdir(), 'hoy-layer-'));
  mkdirSync(join(root, 'snapshots'));
  const database = openDatabase(join(root, 'db'), [layerSchema, ...(options.schemas ?? [])]);
  const content = new BlobStore(join(root, 'content'));
  await content.start();
  const pool = new WorkerPool();
  const deps = { database, content, pool, logger: silentLogger };
  const layers = new DirectoryLayerStore(join(root, 'layers'), deps, options);
  await layers.start();
  const snapshots = new OverlaySnapshotStore(
    join(root, 'snapshots'),
    { ...deps, layers },
    options.driver ? { driver: options.driver } : {},
  );
  await snapshots.start();
  const signal = new AbortController().signal;
  return {
    root,
    database,
    content,
    pool,
    layers,
    snapshots,
    add: (members, parent) =>
      layers.unpack(Readable.from([archive(...members)]), { signal, ...(parent !== undefined && { parent }) }),
    reopen: async () => {
      const again = new DirectoryLayerStore(join(root, 'layers'), deps, options);
      await again.start();
      return again;
    },
    [Symbol.asyncDispose]: async () => {
      for (const id of await snapshots.list()) await snapshots.remove(id);
      await snapshots.stop();
      await layers.stop();
      await pool[Symbol.asyncDispose]();
      database.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

type Fields = Partial<Omit<TarEntry, 'name' | 'linkName'>>;

/** `data` is written as bytes where it was read as latin1 before. */
export const file = (name: string, data = '', fields: Fields = {}): Buffer =>
  member(tarEntry({ name, ...fields }), Buffer.from(data, 'latin1'));
export const directory = (name: string, fields: Fields = {}): Buffer =>
  member(tarEntry({ name, type: 'directory', ...fields }));
export const link = (name: string, linkName: string): Buffer =>
  member(tarEntry({ name, linkName, type: 'symbolic-link' }));
export const hardLink = (name: string, linkName: string): Buffer =>
  member(tarEntry({ name, linkName, type: 'hard-link' }));
export const archive = (...members: readonly Buffer[]): Buffer => Buffer.concat([...members, END_OF_ARCHIVE]);
