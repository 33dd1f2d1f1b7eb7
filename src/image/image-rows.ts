// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '#core/database.ts';
import type { PlannedTarget } from '#image/plan.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import { type ImageConfig, parseImageConfig } from '#oci/image-config.ts';
import type { OciPlatform } from '#oci/platform.ts';

/** An image as it is stored. */
export interface StoredImage {
  id: Digest;
  config: ImageConfig;
  sizeBytes: number;
  lastTaggedAt?: Date;
}

export interface StoredTarget {
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  /** The image that stands for it. */
  imageId: Digest;
}

export interface StoredManifest {
  target: Digest;
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  kind: 'image' | 'attestation' | 'unknown';
  platform?: OciPlatform;
  /** Absent when it can't be run here. */
  imageId?: Digest;
  contentBytes: number;
}

export interface StoredReference {
  /** The full form. */
  name: string;
  target: Digest;
  imageId: Digest;
}

/** A target to be stored, everything of which is on disk. */
export interface NewTarget {
  plan: PlannedTarget;
  /** Image that stands for it. */
  imageId: Digest;
  /** Chain IDs and size of each image in it, by ID. */
  images: ReadonlyMap<Digest, { chainIds: readonly string[]; sizeBytes: number }>;
}

type Row = Record<string, unknown>;

/** The tables of images. Everything is written in transactions; nothing waits. */
export class ImageRows {
  readonly #database: DatabaseSync;
  /** Parsed configs: they never change under their digest. */
  readonly #configs = new Map<string, ImageConfig>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  image(id: string): StoredImage | undefined {
    const [row] = this.#all('SELECT * FROM image WHERE id = ?', id);
    return row && this.#imageFrom(row);
  }

  /** Those images that stand for a target, newest first. */
  images(): StoredImage[] {
    const rows = this.#all('SELECT * FROM image WHERE id IN (SELECT image_id FROM target)');
    return rows.map((row) => this.#imageFrom(row)).sort((a, b) => createdMs(b) - createdMs(a));
  }

  imageIdsByPrefix(hexPrefix: string): Digest[] {
    const rows = this.#all(
      'SELECT id FROM image WHERE id >= ? AND id < ? LIMIT 2',
      `sha256:${hexPrefix}`,
      `sha256:${hexPrefix}g`,
    );
    return rows.map((row) => parseDigest(row.id));
  }

  targetsOf(imageId: string): StoredTarget[] {
    return this.#all('SELECT * FROM target WHERE image_id = ? ORDER BY rowid DESC', imageId).map(targetFrom);
  }

  target(digest: string): StoredTarget | undefined {
    const [row] = this.#all('SELECT * FROM target WHERE digest = ?', digest);
    return row && targetFrom(row);
  }

  targets(): StoredTarget[] {
    return this.#all('SELECT * FROM target').map(targetFrom);
  }

  manifestsOf(target: string): StoredManifest[] {
    return this.#all('SELECT * FROM target_manifest WHERE target = ? ORDER BY position', target).map(manifestFrom);
  }

  /** Where the image is in targets, also in those that another platform's image stands for. */
  manifestsOfImage(imageId: string): StoredManifest[] {
    return this.#all('SELECT * FROM target_manifest WHERE image_id = ? ORDER BY rowid DESC', imageId).map(manifestFrom);
  }

  blobsOf(target: string): Digest[] {
    return this.#all('SELECT digest FROM target_blob WHERE target = ?', target).map((row) => parseDigest(row.digest));
  }

  allBlobs(): Set<Digest> {
    return new Set(this.#all('SELECT DISTINCT digest FROM target_blob').map((row) => parseDigest(row.digest)));
  }

  chainIdsOf(imageId: string): string[] {
    const rows = this.#all('SELECT chain_id FROM image_layer WHERE image_id = ? ORDER BY position', imageId);
    return rows.map((row) => String(row.chain_id));
  }

  /** How many images have each layer. */
  layerUses(): Map<string, number> {
    const rows = this.#all('SELECT chain_id, count(*) AS uses FROM image_layer GROUP BY chain_id');
    return new Map(rows.map((row) => [String(row.chain_id), Number(row.uses)]));
  }

  reference(name: string): StoredReference | undefined {
    const [row] = this.#all('SELECT * FROM reference WHERE name = ?', name);
    return row && referenceFrom(row);
  }

  references(): StoredReference[] {
    return this.#all('SELECT * FROM reference ORDER BY name').map(referenceFrom);
  }

  referencesOf(imageId: string): StoredReference[] {
    return this.#all('SELECT * FROM reference WHERE image_id = ? ORDER BY name', imageId).map(referenceFrom);
  }

  setReference(name: string, target: StoredTarget, now: Date): void {
    transaction(this.#database, () => this.#setReference(name, target.digest, target.imageId, now));
  }

  #setReference(name: string, target: string, imageId: string, now: Date): void {
    this.#run(
      `INSERT INTO reference VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET target = excluded.target, image_id = excluded.image_id`,
      name,
      target,
      imageId,
    );
    this.#run('UPDATE image SET last_tagged_ms = ? WHERE id = ?', now.getTime(), imageId);
  }

  removeReference(name: string): void {
    this.#run('DELETE FROM reference WHERE name = ?', name);
  }

  /** Stores targets with their images and points references at them: all of it or nothing. */
  insert(targets: readonly NewTarget[], references: readonly { name: string; target: Digest }[], now: Date): void {
    transaction(this.#database, () => {
      for (const target of targets) this.#insertTarget(target);
      for (const { name, target } of references) {
        const imageId = this.target(target)?.imageId;
        if (imageId !== undefined) this.#setReference(name, target, imageId, now);
      }
    });
  }

  #insertTarget({ plan, imageId, images }: NewTarget): void {
    for (const { image } of plan.manifests)
      if (image !== undefined) this.#insertImage(image.id, image.configBytes, images.get(image.id));
    if (this.target(plan.digest) !== undefined) return;
    this.#run('INSERT INTO target VALUES (?, ?, ?, ?)', plan.digest, plan.mediaType, plan.sizeBytes, imageId);
    plan.manifests.forEach((manifest, position) => {
      const { digest, mediaType, sizeBytes, kind, platform, image } = manifest;
      const contentBytes = (image?.layers ?? []).reduce(
        (sum, file) => sum + file.sizeBytes,
        (image?.configBytes.length ?? 0) + sizeBytes,
      );
      this.#run(
        'INSERT INTO target_manifest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        plan.digest,
        position,
        digest,
        mediaType,
        sizeBytes,
        kind,
        platform === undefined ? null : JSON.stringify(platform),
        image?.id ?? null,
        contentBytes,
      );
    });
    for (const digest of blobsOf(plan)) this.#run('INSERT INTO target_blob VALUES (?, ?)', plan.digest, digest);
  }

  #insertImage(
    id: Digest,
    configBytes: Buffer,
    stored: { chainIds: readonly string[]; sizeBytes: number } | undefined,
  ): void {
    if (stored === undefined || this.image(id) !== undefined) return;
    this.#run('INSERT INTO image VALUES (?, ?, ?, NULL)', id, configBytes.toString(), stored.sizeBytes);
    stored.chainIds.forEach((chainId, position) => {
      this.#run('INSERT INTO image_layer VALUES (?, ?, ?)', id, position, chainId);
    });
  }

  /** Removes the image with its references and the targets it stands for, and images that were only in those. */
  removeImage(id: string): void {
    transaction(this.#database, () => {
      this.#run('DELETE FROM reference WHERE image_id = ?', id);
      this.#run('DELETE FROM target WHERE image_id = ?', id);
      this.#run('DELETE FROM image WHERE id NOT IN (SELECT image_id FROM target_manifest WHERE image_id IS NOT NULL)');
    });
    this.#configs.delete(id);
  }

  #imageFrom(row: Row): StoredImage {
    const id = parseDigest(row.id);
    let config = this.#configs.get(id);
    if (config === undefined) {
      config = parseImageConfig(Buffer.from(String(row.config)));
      this.#configs.set(id, config);
    }
    const taggedMs = row.last_tagged_ms;
    return {
      id,
      config,
      sizeBytes: Number(row.size_bytes),
      ...(taggedMs !== null && { lastTaggedAt: new Date(Number(taggedMs)) }),
    };
  }

  #all(query: string, ...values: string[]): Row[] {
    return this.#database.prepare(query).all(...values);
  }

  #run(query: string, ...values: (string | number | null)[]): void {
    this.#database.prepare(query).run(...values);
  }
}

/** Every blob that the target consists of, as far as it is here. */
export function blobsOf(plan: PlannedTarget): Set<Digest> {
  const layers = plan.manifests.flatMap(({ image }) => image?.layers ?? []);
  return new Set([...plan.documents.keys(), ...[...layers, ...plan.files].map(({ digest }) => parseDigest(digest))]);
}

const createdMs = (image: StoredImage): number => image.config.created?.getTime() ?? 0;

const targetFrom = (row: Row): StoredTarget => ({
  digest: parseDigest(row.digest),
  mediaType: String(row.media_type),
  sizeBytes: Number(row.size_bytes),
  imageId: parseDigest(row.image_id),
});

function manifestFrom(row: Row): StoredManifest {
  return {
    target: parseDigest(row.target),
    digest: parseDigest(row.digest),
    mediaType: String(row.media_type),
    sizeBytes: Number(row.size_bytes),
    kind: row.kind as StoredManifest['kind'],
    ...(row.platform !== null && { platform: JSON.parse(String(row.platform)) }),
    ...(row.image_id !== null && { imageId: parseDigest(row.image_id) }),
    contentBytes: Number(row.content_bytes),
  };
}

const referenceFrom = (row: Row): StoredReference => ({
  name: String(row.name),
  target: parseDigest(row.target),
  imageId: parseDigest(row.image_id),
});
