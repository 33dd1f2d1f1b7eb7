// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { conflict, EngineError, invalidParameter, messageOf, notFound } from '#core/errors.ts';
import { KeyedMutex } from '#core/keyed-mutex.ts';
import type { Logger } from '#core/logger.ts';
import type { Startable } from '#core/startable.ts';
import { addMountPoints, fillInitLayer } from '#layer/init-layer.ts';
import { LayerRows } from '#layer/layer-rows.ts';
import { chooseDriver, mountWith, type SnapshotDriverName } from '#layer/snapshot-driver.ts';
import type { LayerStore, SnapshotStore } from '#layer/types.ts';
import type { WorkerPool } from '#layer/worker-pool.ts';
import { MNT_DETACH, umount, umountAsync } from '#linux/mount.ts';
import type { Change } from '#model/system.ts';

export interface OverlaySnapshotStoreDeps {
  database: DatabaseSync;
  layers: LayerStore;
  pool: WorkerPool;
  logger: Logger;
}

export interface OverlaySnapshotStoreOptions {
  /** @default the best that works, found by trying */
  driver?: string;
}

/** The init layer below containers without an image of layers. */
const NO_PARENT = 'none';

/**
 * Containers' writable layers: `<id>/{upper,work,merged}`, and `init/<chain>/diff` for what is mounted over in every
 * container of an image. A snapshot exists when it has a row; its directories are made again if a crash took them.
 */
export class OverlaySnapshotStore implements SnapshotStore, Startable {
  readonly #root: string;
  readonly #deps: OverlaySnapshotStoreDeps;
  readonly #askedDriver: string | undefined;
  readonly #rows: LayerRows;
  readonly #mutex = new KeyedMutex();
  readonly #background = new Set<Promise<void>>();
  #driver: SnapshotDriverName = 'overlay2';

  constructor(root: string, deps: OverlaySnapshotStoreDeps, options: OverlaySnapshotStoreOptions = {}) {
    this.#root = root;
    this.#deps = deps;
    this.#askedDriver = options.driver;
    this.#rows = new LayerRows(deps.database);
  }

  get driver(): SnapshotDriverName {
    return this.#driver;
  }

  async start(): Promise<void> {
    await mkdir(join(this.#root, 'init'), { recursive: true, mode: 0o710 });
    await this.#removeLeftovers();
    this.#driver = await chooseDriver(this.#root, this.#askedDriver, this.#deps.logger);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** What an earlier process was about to make or to remove. */
  async #removeLeftovers(): Promise<void> {
    const known = new Set([...this.#rows.snapshotIds(), 'init']);
    for (const name of await readdir(this.#root))
      if (!known.has(name)) this.#destroyLater(name, join(this.#root, name));
    for (const name of await readdir(join(this.#root, 'init'))) {
      const isKnown = name === NO_PARENT || this.#deps.layers.get(`sha256:${name}`) !== undefined;
      if (!isKnown) await this.#destroy(join(this.#root, 'init', name));
    }
  }

  create(id: string, options: { parent?: string; storageOptions: Record<string, string> }): Promise<void> {
    return this.#mutex.run(id, async () => {
      const [unsupported] = Object.keys(options.storageOptions);
      if (unsupported !== undefined) {
        throw invalidParameter(`--storage-opt ${unsupported} is not supported by the storage driver ${this.#driver}`);
      }
      if (this.#rows.snapshot(id) !== undefined) throw conflict(`snapshot ${id} exists already`);
      if (options.parent !== undefined && this.#deps.layers.get(options.parent) === undefined) {
        throw notFound(`layer ${options.parent} does not exist`);
      }
      await this.#initLayer(options.parent);
      this.#rows.addSnapshot(id, options.parent);
      try {
        await this.#prepare(id, options.parent);
      } catch (error) {
        this.#rows.removeSnapshot(id);
        await this.#destroy(this.#path(id));
        throw error;
      }
    });
  }

  async #prepare(id: string, parent: string | undefined): Promise<void> {
    const directory = this.#path(id);
    mkdirSync(directory, { recursive: true, mode: 0o710 });
    mkdirSync(join(directory, 'merged'), { recursive: true, mode: 0o755 });
    if (this.#driver === 'vfs') {
      await this.#copyImage(join(directory, 'merged'), parent);
      return;
    }
    mkdirSync(join(directory, 'work'), { recursive: true, mode: 0o710 });
    if (!existsSync(join(directory, 'upper'))) this.#makeUpper(join(directory, 'upper'), parent);
  }

  /** The upper directory's own owner and mode are what the container sees of `/`. */
  #makeUpper(upper: string, parent: string | undefined): void {
    const [top] = parent === undefined ? [] : this.#deps.layers.lowerDirectories(parent);
    mkdirSync(`${upper}.new`, { recursive: true, mode: 0o755 });
    if (top !== undefined) {
      const { uid, gid, mode } = statSync(top);
      chownSync(`${upper}.new`, uid, gid);
      chmodSync(`${upper}.new`, mode & 0o7777);
    }
    renameSync(`${upper}.new`, upper);
  }

  async #copyImage(target: string, parent: string | undefined): Promise<void> {
    const layers = parent === undefined ? [] : this.#deps.layers.lowerDirectories(parent);
    await this.#deps.pool.run({ kind: 'flatten', layers, target });
    addMountPoints(target);
  }

  mount(id: string, options: { label?: string } = {}): Promise<string> {
    return this.#mutex.run(id, async () => {
      const { parent } = this.#snapshot(id);
      const merged = join(this.#path(id), 'merged');
      if (this.#driver === 'vfs' || isMountPoint(merged)) return merged;
      await this.#initLayer(parent);
      await this.#prepare(id, parent);
      const directories = {
        lowers: this.#lowers(parent),
        upper: this.#path(id, 'upper'),
        work: this.#path(id, 'work'),
      };
      try {
        await mountWith(this.#driver, merged, directories, options.label);
      } catch (error) {
        throw new EngineError('internal', `failed to mount the container's file system: ${messageOf(error)}`, {
          cause: error,
        });
      }
      return merged;
    });
  }

  unmount(id: string): Promise<void> {
    return this.#mutex.run(id, () => this.#unmount(this.#path(id)));
  }

  async #unmount(directory: string): Promise<void> {
    const merged = join(directory, 'merged');
    if (!isMountPoint(merged)) return;
    try {
      await umountAsync(merged);
    } catch {
      // Somebody still has a file open in it: it goes when they do.
      if (isMountPoint(merged)) umount(merged, MNT_DETACH);
    }
  }

  remove(id: string): Promise<void> {
    return this.#mutex.run(id, async () => {
      if (this.#rows.snapshot(id) === undefined) return;
      const directory = this.#path(id);
      await this.#unmount(directory);
      this.#rows.removeSnapshot(id);
      const doomed = join(this.#root, `removing-${id}`);
      await rename(directory, doomed).catch((error) => {
        if (error.code !== 'ENOENT') throw error;
      });
      this.#destroyLater(id, doomed);
    });
  }

  #destroyLater(id: string, directory: string): void {
    const removal = this.#destroy(directory).catch((error) => {
      const fields = { id, error: messageOf(error) };
      this.#deps.logger.warn(fields, 'cannot remove the files of a container; trying again at the next start');
    });
    this.#background.add(removal);
    void removal.finally(() => this.#background.delete(removal));
  }

  async #destroy(directory: string): Promise<void> {
    await this.#unmount(directory);
    if (existsSync(directory)) await this.#deps.pool.run({ kind: 'remove', path: directory });
  }

  async changes(id: string): Promise<Change[]> {
    const { parent } = this.#snapshot(id);
    if (this.#driver === 'vfs') return this.#changesOfCopy(id, parent);
    const upper = this.#path(id, 'upper');
    return this.#withScratch((scratch) =>
      this.#deps.pool.run({ kind: 'changes', upper, lowers: this.#lowers(parent), scratch }),
    );
  }

  #changesOfCopy(id: string, parent: string | undefined): Promise<Change[]> {
    return this.#withScratch(async (scratch) => {
      await this.#copyImage(scratch, parent);
      return this.#deps.pool.run({ kind: 'compare', before: scratch, after: this.#path(id, 'merged') });
    });
  }

  /** An empty directory to mount or copy something at. After a crash it is cleared away like everything without a row. */
  async #withScratch<T>(body: (scratch: string) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(this.#root, 'scratch-'));
    try {
      const scratch = join(directory, 'merged');
      await mkdir(scratch);
      return await body(scratch);
    } finally {
      await this.#destroy(directory);
    }
  }

  usage(id: string): Promise<number> {
    this.#snapshot(id);
    return this.#deps.pool.run({ kind: 'size', path: this.#path(id, this.#driver === 'vfs' ? 'merged' : 'upper') });
  }

  directories(id: string): Record<string, string> {
    const { parent } = this.#snapshot(id);
    if (this.#driver === 'vfs') return { MergedDir: this.#path(id, 'merged') };
    return {
      LowerDir: this.#lowers(parent).join(':'),
      MergedDir: this.#path(id, 'merged'),
      UpperDir: this.#path(id, 'upper'),
      WorkDir: this.#path(id, 'work'),
    };
  }

  async list(): Promise<string[]> {
    return this.#rows.snapshotIds();
  }

  #snapshot(id: string): { parent: string | undefined } {
    const snapshot = this.#rows.snapshot(id);
    if (snapshot === undefined) throw notFound(`snapshot ${id} does not exist`);
    return snapshot;
  }

  #path(id: string, name = ''): string {
    return join(this.#root, id, name);
  }

  #lowers(parent: string | undefined): string[] {
    const below = parent === undefined ? [] : this.#deps.layers.lowerDirectories(parent);
    return [join(this.#initPath(parent), 'diff'), ...below];
  }

  #initPath(parent: string | undefined): string {
    return join(this.#root, 'init', parent === undefined ? NO_PARENT : parent.slice('sha256:'.length));
  }

  /** Made once for each image, when its first container is. */
  #initLayer(parent: string | undefined): Promise<void> {
    const path = this.#initPath(parent);
    if (this.#driver === 'vfs' || existsSync(path)) return Promise.resolve();
    return this.#mutex.run(path, async () => {
      if (existsSync(path)) return;
      const lowers = parent === undefined ? [] : this.#deps.layers.lowerDirectories(parent);
      const partial = await mkdtemp(join(dirname(path), 'new-'));
      for (const name of ['diff', 'work', 'merged']) await mkdir(join(partial, name), { mode: 0o755 });
      if (this.#driver === 'overlay2') {
        fillInitLayer(lowers, join(partial, 'diff'), join(partial, 'work'), join(partial, 'merged'));
      } else addMountPoints(join(partial, 'diff'));
      await rename(partial, path);
    });
  }
}

function isMountPoint(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.dev !== statSync(dirname(path)).dev;
}
