// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '#core/clock.ts';
import { silentLogger } from '#core/logger.ts';
import { imageSchema } from '#image/schema.ts';
import { ImageService } from '#image/service.ts';
import { archive, file, openStores, type TestStoreOptions, type TestStores } from '#layer/layer-testing.ts';
import type { NewEvent } from '#model/event.ts';
import type { Platform } from '#model/image.ts';
import { type Digest, digestOf, hexOf } from '#oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '#oci/media-types.ts';

/** For tests: an image service over real stores, with containers that a test invents. */
export interface TestImages extends AsyncDisposable {
  stores: TestStores;
  images: ImageService;
  events: NewEvent[];
  users: { imageId: string; id: string; running: boolean }[];
  /** Loads an archive and returns what was streamed back. */
  load(data: Buffer | Readable, platforms?: Platform[]): Promise<string>;
  save(refs: string[], platforms?: Platform[]): Promise<Buffer>;
  /** The service as a new process would start it. */
  restart(): Promise<ImageService>;
}

export const NOW = new Date('2030-01-02T03:04:05Z');
const clock: Clock = { now: () => NOW, after: () => ({ [Symbol.dispose]: () => {} }) };

export async function openImages(options: TestStoreOptions = {}): Promise<TestImages> {
  const stores = await openStores({ ...options, schemas: [imageSchema] });
  const events: NewEvent[] = [];
  const users: TestImages['users'] = [];
  const deps = {
    ...stores,
    logger: silentLogger,
    clock,
    hostPlatform: { os: 'linux', architecture: 'amd64' },
    events: { emit: (event: NewEvent) => void events.push(event) },
    users: { usersOf: (imageId: string) => users.filter((user) => user.imageId === imageId) },
  };
  const images = new ImageService(deps);
  await images.start();
  const signal = new AbortController().signal;
  return {
    stores,
    images,
    events,
    users,
    load: async (data, platforms = []) => {
      let output = '';
      const source = Buffer.isBuffer(data) ? Readable.from([data]) : data;
      for await (const { stream = '' } of images.load(source, { platforms, quiet: false, signal })) output += stream;
      return output;
    },
    save: async (refs, platforms = []) => buffer(await images.save(refs, { platforms, signal })),
    restart: async () => {
      const again = new ImageService(deps);
      await again.start();
      return again;
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}

export interface TestImage {
  layers?: Buffer[];
  config?: object;
  created?: string;
  architecture?: string;
}

/** A layer with one file. */
export const layer = (name: string, data = name): Buffer => archive(file(name, data));

export function configOf({
  layers = [],
  config = {},
  created = '2024-01-01T00:00:00Z',
  architecture = 'amd64',
}: TestImage): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created,
      config,
      rootfs: { type: 'layers', diff_ids: layers.map((data) => digestOf(data)) },
      history: layers.map((_, i) => ({ created, created_by: `step ${i}` })),
    }),
  );
}

/** A docker-archive of one image. */
export function dockerArchive(image: TestImage, ...repoTags: string[]): Buffer {
  const config = configOf(image);
  const layers = (image.layers ?? []).map((data, i) => ({ name: `${i}/layer.tar`, data }));
  const manifest = [{ Config: 'config.json', RepoTags: repoTags, Layers: layers.map(({ name }) => name) }];
  return archive(
    file('config.json', config.toString()),
    ...layers.map(({ name, data }) => blobFile(name, data)),
    file('manifest.json', JSON.stringify(manifest)),
  );
}

const blobFile = (name: string, data: Buffer): Buffer => file(name, data.toString('latin1'));

/** An OCI layout that is put together piece by piece. */
export class LayoutBuilder {
  readonly #blobs = new Map<Digest, Buffer>();
  readonly entries: object[] = [];

  blob(data: Buffer): { digest: Digest; size: number } {
    this.#blobs.set(digestOf(data), data);
    return { digest: digestOf(data), size: data.length };
  }

  image(image: TestImage, options: { without?: boolean } = {}): object {
    const { layers = [], architecture = 'amd64' } = image;
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: { mediaType: OCI_CONFIG, ...this.blob(configOf(image)) },
        layers: layers.map((data) => ({ mediaType: OCI_LAYER, ...this.blob(data) })),
      }),
    );
    const described = { mediaType: OCI_MANIFEST, ...this.blob(manifest), platform: { os: 'linux', architecture } };
    if (options.without) this.#blobs.delete(described.digest);
    return described;
  }

  index(...manifests: object[]): object {
    return {
      mediaType: OCI_INDEX,
      ...this.blob(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))),
    };
  }

  add(descriptor: object, name?: string): this {
    this.entries.push({ ...descriptor, ...(name && { annotations: { 'io.containerd.image.name': name } }) });
    return this;
  }

  archive(): Buffer {
    return archive(
      file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
      file('index.json', JSON.stringify({ schemaVersion: 2, manifests: this.entries })),
      ...[...this.#blobs].map(([digest, data]) => blobFile(`blobs/sha256/${hexOf(digest)}`, data)),
    );
  }
}
