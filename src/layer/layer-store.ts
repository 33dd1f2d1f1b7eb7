// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { type BlobStore, readBlobFile } from '#content/blob-store.ts';
import { conflict, EngineError, invalidParameter, messageOf, notFound } from '#core/errors.ts';
import { KeyedMutex } from '#core/keyed-mutex.ts';
import type { Logger } from '#core/logger.ts';
import type { Startable } from '#core/startable.ts';
import { decompress } from '#layer/decompress.ts';
import type { ExtractLimits } from '#layer/extract.ts';
import { type Diff, LayerRows } from '#layer/layer-rows.ts';
import type { Layer, LayerStore, UnpackOptions } from '#layer/types.ts';
import type { WorkerPool } from '#layer/worker-pool.ts';
import type { ReceivedFile } from '#layer/worker-protocol.ts';
import { spreadSubdirectories } from '#linux/inode-flags.ts';
import { syncfs } from '#linux/sync.ts';
import { chainIdOf } from '#oci/chain-id.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';

export interface DirectoryLayerStoreDeps {
  database: DatabaseSync;
  content: BlobStore;
  pool: WorkerPool;
  logger: Logger;
}

export interface DirectoryLayerStoreOptions {
  /** @default 1 TiB and 4 million entries for one layer; the free space of the disk is a limit too */
  limits?: ExtractLimits;
}

export const DEFAULT_LIMITS: ExtractLimits = { maxBytes: 1024 ** 4, maxEntries: 4_000_000 };

/** A layer that was unpacked beside the store. It is dropped when disposed of before it was committed. */
export interface StagedLayer extends AsyncDisposable {
  diffId: Digest;
  sizeBytes: number;
  /** Absent when the store had the diff already. */
  directory?: string;
  /** The file that it was unpacked from. */
  file: ReceivedFile;
}

/**
 * Layers as directories, `<diff ID>/diff`, in overlayfs' form, each with a short link in `l/`. The blob that a layer
 * was unpacked from stays in the content store: that is what makes `tar` byte-exact. Rows are written after everything
 * they speak of is on disk; what has no row is removed at start.
 */
export class DirectoryLayerStore implements LayerStore, Startable {
  readonly #root: string;
  readonly #deps: DirectoryLayerStoreDeps;
  readonly #limits: ExtractLimits;
  readonly #rows: LayerRows;
  readonly #commits = new KeyedMutex();
  readonly #background = new Set<Promise<void>>();

  constructor(root: string, deps: DirectoryLayerStoreDeps, options: DirectoryLayerStoreOptions = {}) {
    this.#root = root;
    this.#deps = deps;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#rows = new LayerRows(deps.database);
  }

  get limits(): ExtractLimits {
    return this.#limits;
  }

  async start(): Promise<void> {
    for (const name of ['l', 'staging', 'trash']) await mkdir(join(this.#root, name), { recursive: true, mode: 0o710 });
    spreadSubdirectories(join(this.#root, 'staging'));
    const diffs = this.#rows.diffs();
    const known = new Set(diffs.map(({ diffId }) => hex(diffId)));
    const links = new Set(diffs.map(({ link }) => link));
    for (const name of await readdir(this.#root)) {
      if (!['l', 'staging', 'trash'].includes(name) && !known.has(name)) await this.#discard(join(this.#root, name));
    }
    for (const link of await readdir(join(this.#root, 'l'))) {
      if (!links.has(link)) await rm(join(this.#root, 'l', link), { force: true });
    }
    for (const name of await readdir(join(this.#root, 'staging')))
      await this.#discard(join(this.#root, 'staging', name));
    this.#emptyTrash();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#background);
  }

  get(chainId: string): Layer | undefined {
    const row = this.#rows.layer(chainId);
    if (row === undefined) return undefined;
    const { link: _, ...layer } = row;
    return layer;
  }

  list(): Layer[] {
    return this.#rows.layers().map(({ chainId, diffId, parent, sizeBytes }) => ({
      chainId,
      diffId,
      ...(parent !== undefined && { parent }),
      sizeBytes,
    }));
  }

  /** The blob that holds a layer's tar, and so must not be deleted. */
  blobDigests(): Digest[] {
    return this.#rows.diffs().map(({ blobDigest }) => parseDigest(blobDigest));
  }

  /** Bytes of all layers; one that several chains share counts once. */
  diffsSizeBytes(): number {
    return this.#rows.diffs().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  async unpack(tar: Readable | { path: string }, options: UnpackOptions): Promise<Layer> {
    const { parent, diffId, signal } = options;
    const source = tar instanceof Readable ? tar : readBlobFile(tar.path);
    if (parent !== undefined && this.get(parent) === undefined) throw notFound(`layer ${parent} does not exist`);
    const known = diffId && this.get(chainIdOf(parent as Digest | undefined, parseDigest(diffId)));
    if (known) {
      source.resume();
      return known;
    }
    await using ingest = await this.#deps.content.ingestDirectory();
    const file = await this.receiveLayer(source, ingest.path, signal);
    await using staged = await this.stage(file, signal);
    if (diffId !== undefined && staged.diffId !== diffId) {
      throw invalidParameter(
        `invalid diffID for layer: expected ${JSON.stringify(diffId)}, got ${JSON.stringify(staged.diffId)}`,
      );
    }
    const [layer] = await this.commit([staged], parent);
    if (layer === undefined) throw new Error('nothing was committed');
    return layer;
  }

  /** Stores a stream in `directory`, decompressed and hashed. */
  async receiveLayer(source: AsyncIterable<Uint8Array>, directory: string, signal: AbortSignal): Promise<ReceivedFile> {
    let received: ReceivedFile | undefined;
    await this.#deps.pool.run(
      { kind: 'receive', form: 'layer', directory, limits: this.#limits },
      {
        input: source,
        signal,
        onEvent: (event) => {
          if ('file' in event) received = event.file;
        },
      },
    );
    if (received === undefined) throw new EngineError('internal', 'the layer was not received');
    return received;
  }

  /**
   * Unpacks a received file beside the store; any number at once. Nothing is unpacked if the store has the layer, by
   * the digest of the file or of what is in it.
   */
  async stage(file: ReceivedFile, signal: AbortSignal): Promise<StagedLayer> {
    const known = this.#rows.diff(file.digest);
    if (known !== undefined) return this.#stagedWithout(known, file);
    const directory = join(this.#root, 'staging', randomUUID());
    const dispose = () => this.#discard(directory);
    try {
      const target = join(directory, 'diff');
      await mkdir(target, { recursive: true, mode: 0o755 });
      const { path, digest } = file;
      const task = { kind: 'unpack', path, target, fileDigest: digest, limits: this.#limits } as const;
      const { diffId, sizeBytes } = await this.#deps.pool.run(task, { signal });
      return { diffId: parseDigest(diffId), sizeBytes, directory, file, [Symbol.asyncDispose]: dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  #stagedWithout(known: Diff, file: ReceivedFile): StagedLayer {
    return {
      diffId: parseDigest(known.diffId),
      sizeBytes: known.sizeBytes,
      file,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /**
   * Makes a chain of staged layers visible, base first. Their blobs and directories, and everything else that was
   * written to the file system before the call, are in place and synced when the rows are written.
   */
  commit(staged: readonly StagedLayer[], parent?: string): Promise<Layer[]> {
    return this.#commits.run('', async () => {
      const placed = new Map<string, Diff>();
      for (const layer of staged) placed.set(layer.diffId, placed.get(layer.diffId) ?? (await this.#place(layer)));
      const diffs = staged.flatMap(({ diffId }) => placed.get(diffId) ?? []);
      await syncfs(this.#root);
      const layers: Omit<Layer, 'sizeBytes'>[] = [];
      for (const { diffId } of diffs) {
        const below = layers.at(-1)?.chainId ?? parent;
        const chainId = chainIdOf(below as Digest | undefined, diffId as Digest);
        layers.push({ chainId, diffId, ...(below !== undefined && { parent: below }) });
      }
      this.#rows.insert(diffs, layers);
      return layers.map((layer, i) => ({ ...layer, sizeBytes: diffs[i]?.sizeBytes ?? 0 }));
    });
  }

  /**
   * Whether committing this needs nothing more: another image's removal may have taken away what was there when it was
   * staged.
   */
  isStillStaged(staged: StagedLayer): boolean {
    return staged.directory !== undefined || this.#rows.diff(staged.diffId) !== undefined;
  }

  async #place(staged: StagedLayer): Promise<Diff> {
    const known = this.#rows.diff(staged.diffId);
    if (known !== undefined) return known;
    if (staged.directory === undefined) {
      throw conflict(`layer ${staged.diffId} was removed while it was about to be used; try again`);
    }
    const blobDigest = parseDigest(staged.file.digest);
    await this.#deps.content.adopt(staged.file.path, blobDigest);
    const target = join(this.#root, hex(staged.diffId));
    const link = randomBytes(4).toString('hex');
    await this.#discard(target);
    await rename(staged.directory, target);
    await symlink(`../${hex(staged.diffId)}/diff`, join(this.#root, 'l', link));
    return { diffId: staged.diffId, link, sizeBytes: staged.sizeBytes, blobDigest };
  }

  async tar(chainId: string): Promise<Readable> {
    const layer = this.get(chainId);
    const diff = layer && this.#rows.diff(layer.diffId);
    if (diff === undefined) throw notFound(`layer ${chainId} does not exist`);
    const blob = await this.#deps.content.open(parseDigest(diff.blobDigest));
    return diff.blobDigest === diff.diffId ? blob : Readable.from(decompress(blob), { objectMode: false });
  }

  /**
   * A diff that is in the chain twice is named once: overlayfs refuses the same directory again, which could add
   * nothing.
   */
  lowerDirectories(chainId: string): string[] {
    const links = this.#rows.chain(chainId).map(({ link }) => link);
    return [...new Set(links)].map((link) => join(this.#root, 'l', link));
  }

  async remove(chainId: string): Promise<void> {
    const user = this.#rows.userOf(chainId);
    if (user !== undefined) throw conflict(`layer ${chainId} is used by ${user}`);
    const diff = this.#rows.remove(chainId);
    if (diff === undefined) return;
    await rm(join(this.#root, 'l', diff.link), { force: true });
    await this.#discard(join(this.#root, hex(diff.diffId)));
  }

  /** Whether nothing stands on the layer: no other layer and no container. */
  isUnused(chainId: string): boolean {
    return this.#rows.userOf(chainId) === undefined;
  }

  /** Takes a tree out of sight at once, and removes it in the background. */
  async #discard(path: string): Promise<void> {
    try {
      await rename(path, join(this.#root, 'trash', randomUUID()));
      this.#emptyTrash();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #emptyTrash(): void {
    const removal = this.#removeTrash().catch((error) => {
      this.#deps.logger.warn(
        { error: messageOf(error) },
        'cannot remove what is left of a layer; trying again at the next start',
      );
    });
    this.#background.add(removal);
    void removal.finally(() => this.#background.delete(removal));
  }

  async #removeTrash(): Promise<void> {
    const trash = join(this.#root, 'trash');
    const names = await readdir(trash);
    await Promise.all(names.map((name) => this.#deps.pool.run({ kind: 'remove', path: join(trash, name) })));
  }
}

const hex = (diffId: string): string => diffId.slice('sha256:'.length);
