// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite';
import type { BlobStore } from '#content/blob-store.ts';
import type { Clock } from '#core/clock.ts';
import type { KeyedMutex } from '#core/keyed-mutex.ts';
import type { Logger } from '#core/logger.ts';
import type { ImageRows } from '#image/image-rows.ts';
import type { ImageUsers } from '#image/types.ts';
import type { DirectoryLayerStore } from '#layer/layer-store.ts';
import type { WorkerPool } from '#layer/worker-pool.ts';
import type { EventSink } from '#model/event.ts';
import type { Platform } from '#model/image.ts';

/** What the image part needs of others. */
export interface ImageServiceDeps {
  database: DatabaseSync;
  content: BlobStore;
  layers: DirectoryLayerStore;
  pool: WorkerPool;
  events: EventSink;
  users: ImageUsers;
  logger: Logger;
  clock: Clock;
  hostPlatform: Platform;
}

/** What the files of this folder share. Everything that changes the store runs under one key of `mutex`. */
export interface ImageContext extends ImageServiceDeps {
  rows: ImageRows;
  mutex: KeyedMutex;
}

export const STORE = 'store';
