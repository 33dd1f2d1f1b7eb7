// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError, invalidParameter, notFound } from '#core/errors.ts';
import { type Digest, digestFromHex, digestOf, hexOf } from '#oci/digest.ts';
import { MAX_JSON_BYTES } from '#oci/json.ts';
import { OCI_INDEX } from '#oci/media-types.ts';

export const STREAM_CHUNK_BYTES = 1024 * 1024;

/** A line of the layout's `index.json`. */
export interface IndexEntry {
  mediaType: string;
  digest: Digest;
  size: number;
  /** The reference that names it; absent for an image without one. */
  name?: string;
}

/**
 * Blobs by digest in an OCI image layout (`blobs/sha256/…`, `index.json`, `oci-layout`), so that other tools can read
 * the store. A blob's file appears under its digest only whole and verified, and never changes. What still arrives is
 * in `ingest/`, which is emptied at start.
 */
export class BlobStore {
  readonly #root: string;
  readonly #blobs: string;
  readonly #ingest: string;
  readonly #pins = new Map<Digest, number>();

  constructor(root: string) {
    this.#root = root;
    this.#blobs = join(root, 'blobs', 'sha256');
    this.#ingest = join(root, 'ingest');
  }

  /** Makes the layout, and drops what an earlier process left half received. */
  async start(): Promise<void> {
    await rm(this.#ingest, { recursive: true, force: true });
    await mkdir(this.#blobs, { recursive: true, mode: 0o700 });
    await mkdir(this.#ingest, { mode: 0o700 });
    await this.#writeLayoutFile();
  }

  /** Not again at each start: a full disk would leave an empty one. */
  async #writeLayoutFile(): Promise<void> {
    const path = join(this.#root, 'oci-layout');
    const content = '{"imageLayoutVersion":"1.0.0"}';
    if ((await readFile(path, 'utf8').catch(() => '')) !== content) await writeFile(path, content);
  }

  path(digest: Digest): string {
    return join(this.#blobs, hexOf(digest));
  }

  /** The blob's size; `undefined` if it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.size(digest)) !== undefined;
  }

  /** A small blob's bytes, checked against the digest. Throws `not-found`. */
  async read(digest: Digest, maxBytes = MAX_JSON_BYTES): Promise<Buffer> {
    const sizeBytes = await this.size(digest);
    if (sizeBytes === undefined) throw noSuchBlob(digest);
    if (sizeBytes > maxBytes) throw invalidParameter(`blob ${digest} is larger than ${maxBytes} bytes`);
    const bytes = await readFile(this.path(digest));
    if (digestOf(bytes) !== digest) throw new EngineError('internal', `blob ${digest} is damaged on disk`);
    return bytes;
  }

  /** Opens a blob for streaming. It stays readable when it is deleted meanwhile. Throws `not-found`. */
  async open(digest: Digest): Promise<Readable> {
    try {
      const file = await open(this.path(digest));
      return file.createReadStream({ highWaterMark: STREAM_CHUNK_BYTES });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noSuchBlob(digest);
      throw error;
    }
  }

  /**
   * Stores a small blob. Idempotent. Throws `invalid-parameter` if its digest is not `expected`. With `sync` false the
   * caller syncs the file system before it lets anybody know of the blob.
   */
  async put(bytes: Uint8Array, options: { expected?: Digest; sync?: boolean } = {}): Promise<Digest> {
    const { expected, sync = true } = options;
    const digest = digestOf(bytes);
    if (expected !== undefined && digest !== expected) throw wrongDigest(digest, expected);
    if (await this.has(digest)) return digest;
    const partial = join(this.#ingest, randomUUID());
    try {
      await using file = await open(partial, 'wx', 0o600);
      await file.writeFile(bytes);
      if (sync) await file.sync();
      await rename(partial, this.path(digest));
      if (sync) await this.sync();
    } finally {
      await rm(partial, { force: true });
    }
    return digest;
  }

  /**
   * Takes over a file of an ingest directory whose digest was verified while it was written. The caller syncs the file
   * system before it lets anybody know of the blob.
   */
  async adopt(path: string, digest: Digest): Promise<void> {
    if (await this.has(digest)) await rm(path, { force: true });
    else await rename(path, this.path(digest));
  }

  /** Makes the names of blobs durable. */
  async sync(): Promise<void> {
    await using directory = await open(this.#blobs);
    await directory.sync();
  }

  /** A directory on the store's file system for what is being received; it goes away when disposed of. */
  async ingestDirectory(): Promise<{ path: string } & AsyncDisposable> {
    const path = join(this.#ingest, randomUUID());
    await mkdir(path, { mode: 0o700 });
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }

  /** Idempotent. A pinned blob stays. */
  async delete(digest: Digest): Promise<void> {
    if (!this.#pins.has(digest)) await rm(this.path(digest), { force: true });
  }

  async list(): Promise<Digest[]> {
    const names = await readdir(this.#blobs);
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map(digestFromHex);
  }

  /** Deletes every blob that is not among `live`, and returns how many bytes that freed. */
  async collect(live: ReadonlySet<Digest>): Promise<number> {
    let freedBytes = 0;
    for (const digest of await this.list()) {
      if (live.has(digest) || this.#pins.has(digest)) continue;
      freedBytes += (await this.size(digest)) ?? 0;
      await this.delete(digest);
    }
    return freedBytes;
  }

  /** Keeps blobs from being deleted until disposed of. */
  pin(digests: Iterable<Digest>): Disposable {
    const pinned = [...digests];
    for (const digest of pinned) this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
    return { [Symbol.dispose]: () => this.#unpin(pinned.splice(0)) };
  }

  #unpin(digests: Digest[]): void {
    for (const digest of digests) {
      const count = (this.#pins.get(digest) ?? 1) - 1;
      if (count === 0) this.#pins.delete(digest);
      else this.#pins.set(digest, count);
    }
  }

  /** Replaces `index.json`. It is only for other tools: the engine's own references are in its database. */
  async writeIndex(entries: readonly IndexEntry[]): Promise<void> {
    const manifests = entries.map(({ name, ...descriptor }) => ({
      ...descriptor,
      ...(name !== undefined && { annotations: { 'org.opencontainers.image.ref.name': name } }),
    }));
    const partial = join(this.#ingest, randomUUID());
    try {
      await writeFile(partial, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
      await rename(partial, join(this.#root, 'index.json'));
    } finally {
      await rm(partial, { force: true });
    }
  }
}

/** A stream over a file with chunks large enough for blobs. */
export const readBlobFile = (path: string): Readable => createReadStream(path, { highWaterMark: STREAM_CHUNK_BYTES });

const noSuchBlob = (digest: Digest): EngineError => notFound(`content digest ${digest}: not found`);

export const wrongDigest = (actual: string, expected: string): EngineError =>
  invalidParameter(`blob is ${actual}, expected ${expected}`);
