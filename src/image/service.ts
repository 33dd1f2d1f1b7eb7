// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream';
import { conflict } from '#core/errors.ts';
import { KeyedMutex } from '#core/keyed-mutex.ts';
import type { Startable } from '#core/startable.ts';
import { announce } from '#image/announce.ts';
import { writeIndex } from '#image/committer.ts';
import { type ImageContext, type ImageServiceDeps, STORE } from '#image/deps.ts';
import { ImageRows } from '#image/image-rows.ts';
import { type ImportOptions, importImage } from '#image/importer.ts';
import { type LoadOptions, load } from '#image/loader.ts';
import {
  collectBlobs,
  type PruneReport,
  pruneImages,
  type RemoveOptions,
  removeImage,
  sweepLayers,
} from '#image/remover.ts';
import { resolve, toImage } from '#image/resolver.ts';
import { type SaveOptions, save } from '#image/saver.ts';
import type { ImageResolver } from '#image/types.ts';
import { imageHistory, inspectImage, type ListOptions, listImages } from '#image/views.ts';
import type { Filters } from '#model/event.ts';
import type {
  Image,
  ImageDeletion,
  ImageHistoryRow,
  ImageView,
  ManifestDescriptor,
  Platform,
  Progress,
} from '#model/image.ts';
import { familiarReference, formatReference, parseRepositoryAndTag } from '#oci/reference.ts';

/**
 * The images of this engine: what `docker image` does. Satisfies the API's `ImageBackend` by shape. Every change is a
 * transaction after its files were synced, so that a crash leaves either all of it or files that the next start
 * removes.
 */
export class ImageService implements ImageResolver, Startable {
  readonly #context: ImageContext;
  #isPruning = false;

  constructor(deps: ImageServiceDeps) {
    this.#context = { ...deps, rows: new ImageRows(deps.database), mutex: new KeyedMutex() };
  }

  /** Removes what an earlier process left behind. Content and layers have to be started. */
  async start(): Promise<void> {
    await this.#context.mutex.run(STORE, async () => {
      await sweepLayers(this.#context);
      await collectBlobs(this.#context);
      await writeIndex(this.#context);
    });
  }

  async stop(): Promise<void> {}

  async resolve(
    ref: string,
    platform?: Platform,
  ): Promise<{ image: Image; manifest?: ManifestDescriptor; chainId?: string }> {
    const { image, target, manifest } = resolve(this.#context, ref, platform);
    const chainId = this.#context.rows.chainIdsOf(image.id).at(-1);
    return {
      image: toImage(this.#context, image, target),
      ...(manifest && { manifest: descriptorOf(manifest) }),
      ...(chainId !== undefined && { chainId }),
    };
  }

  async byId(id: string): Promise<Image | undefined> {
    const image = this.#context.rows.image(id);
    return image && toImage(this.#context, image, this.#context.rows.targetsOf(id)[0]);
  }

  async list(options: ListOptions): Promise<ImageView[]> {
    return listImages(this.#context, options);
  }

  async inspect(ref: string, options: { platform?: Platform; manifests: boolean }): Promise<ImageView> {
    return inspectImage(this.#context, ref, options);
  }

  async history(ref: string, options: { platform?: Platform }): Promise<ImageHistoryRow[]> {
    return imageHistory(this.#context, ref, options.platform);
  }

  async tag(ref: string, target: { repository: string; tag: string }): Promise<void> {
    const context = this.#context;
    const reference = parseRepositoryAndTag(target.repository, target.tag);
    await context.mutex.run(STORE, async () => {
      const { target: tagged } = resolve(context, ref);
      context.rows.setReference(formatReference(reference), tagged, context.clock.now());
      announce(context, 'tag', tagged.imageId, familiarReference(reference));
      await writeIndex(context);
    });
  }

  remove(ref: string, options: RemoveOptions): Promise<ImageDeletion[]> {
    return removeImage(this.#context, ref, options);
  }

  async prune(filters: Filters): Promise<PruneReport> {
    if (this.#isPruning) throw conflict('a prune operation is already running');
    this.#isPruning = true;
    try {
      return await pruneImages(this.#context, filters);
    } finally {
      this.#isPruning = false;
    }
  }

  import(archive: Readable, options: ImportOptions): Promise<string> {
    return importImage(this.#context, archive, options);
  }

  load(archive: Readable, options: LoadOptions): AsyncIterable<Progress> {
    return load(this.#context, archive, options);
  }

  save(refs: string[], options: SaveOptions): Promise<Readable> {
    return save(this.#context, refs, options);
  }

  /** Bytes of all unpacked layers: `LayersSize` of `docker system df`. */
  layersSizeBytes(): number {
    return this.#context.layers.diffsSizeBytes();
  }

  /** How many images `docker info` counts. */
  count(): number {
    return this.#context.rows.images().length;
  }

  /** Removes layers that only a container kept, after it was removed. */
  async sweep(): Promise<void> {
    await this.#context.mutex.run(STORE, async () => {
      await sweepLayers(this.#context);
      await collectBlobs(this.#context);
    });
  }
}

const descriptorOf = ({ mediaType, digest, sizeBytes }: ManifestDescriptor): ManifestDescriptor => ({
  mediaType,
  digest,
  sizeBytes,
});
