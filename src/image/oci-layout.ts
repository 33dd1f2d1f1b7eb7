// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { checkLayerCount } from '#image/docker-archive.ts';
import type { PlannedImage, PlannedManifest, PlannedTarget } from '#image/plan.ts';
import type { ReceivedArchive } from '#image/received-archive.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { parseImageConfig } from '#oci/image-config.ts';
import { isAttestation, type Manifest, parseManifestOrIndex } from '#oci/manifest.ts';
import { isConfigType, isIndexType, isLayerType, isManifestType } from '#oci/media-types.ts';
import { parseReference, type Reference } from '#oci/reference.ts';

export const OCI_INDEX_FILE = 'index.json';
export const OCI_LAYOUT_FILE = 'oci-layout';

const MAX_INDEX_DEPTH = 8;
const MAX_MANIFESTS = 1000;
const REF_NAME = 'org.opencontainers.image.ref.name';
const CONTAINERD_NAME = 'io.containerd.image.name';

/** Reads an OCI image layout. Each entry of `index.json` is a target of its own; indexes below it are kept whole. */
export async function planOciLayout(archive: ReceivedArchive): Promise<PlannedTarget[]> {
  const index = parseManifestOrIndex(await archive.read(archive.get(OCI_INDEX_FILE)));
  if (index.kind !== 'index') throw invalidParameter(`invalid archive: ${OCI_INDEX_FILE} is not an index`);
  const targets = new Map<Digest, PlannedTarget>();
  for (const descriptor of index.manifests) {
    if (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType)) continue;
    const target = targets.get(descriptor.digest) ?? (await planTarget(archive, descriptor));
    targets.set(descriptor.digest, target);
    const reference = referenceOf(descriptor);
    if (reference !== undefined) target.references.push(reference);
  }
  return [...targets.values()];
}

async function planTarget(archive: ReceivedArchive, descriptor: Descriptor): Promise<PlannedTarget> {
  const target: PlannedTarget = {
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    sizeBytes: descriptor.size,
    manifests: [],
    documents: new Map(),
    files: [],
    references: [],
  };
  await new TargetReader(archive, target).read(descriptor, 0);
  return target;
}

class TargetReader {
  readonly #archive: ReceivedArchive;
  readonly #target: PlannedTarget;

  constructor(archive: ReceivedArchive, target: PlannedTarget) {
    this.#archive = archive;
    this.#target = target;
  }

  async read(descriptor: Descriptor, depth: number): Promise<void> {
    if (depth > MAX_INDEX_DEPTH) throw invalidParameter('invalid archive: indexes are nested too deeply');
    if (this.#target.manifests.length > MAX_MANIFESTS)
      throw invalidParameter(`invalid archive: more than ${MAX_MANIFESTS} manifests`);
    const bytes = await this.#document(descriptor);
    if (bytes === undefined) {
      if (depth === 0) throw invalidParameter(`invalid archive: does not contain the manifest ${descriptor.digest}`);
      this.#addManifest(descriptor, undefined);
      return;
    }
    const document = parseManifestOrIndex(bytes, descriptor.mediaType);
    if (document.kind === 'manifest') this.#addManifest(descriptor, await this.#image(descriptor, document));
    else for (const child of document.manifests) await this.read(child, depth + 1);
  }

  #addManifest(descriptor: Descriptor, image: PlannedImage | undefined): void {
    const platform = descriptor.platform ?? image?.config.platform;
    const manifest: PlannedManifest = {
      digest: descriptor.digest,
      mediaType: descriptor.mediaType,
      sizeBytes: descriptor.size,
      kind: isAttestation(descriptor)
        ? 'attestation'
        : platform === undefined && image === undefined
          ? 'unknown'
          : 'image',
      ...(platform !== undefined && { platform }),
      ...(image !== undefined && { image }),
    };
    this.#target.manifests.push(manifest);
  }

  /** The image that a manifest describes, if it is one and everything of it is there. */
  async #image(descriptor: Descriptor, manifest: Manifest): Promise<PlannedImage | undefined> {
    const isImage =
      isConfigType(manifest.config.mediaType) && manifest.layers.every(({ mediaType }) => isLayerType(mediaType));
    if (!isImage || isAttestation(descriptor)) {
      this.#keepFiles([manifest.config, ...manifest.layers]);
      return undefined;
    }
    const configBytes = await this.#document(manifest.config);
    const layers = manifest.layers.map((layer) => this.#blob(layer));
    if (configBytes === undefined) return undefined;
    const present = layers.filter((file) => file !== undefined);
    if (present.length < layers.length) {
      this.#target.files.push(...present);
      return undefined;
    }
    const config = parseImageConfig(configBytes);
    checkLayerCount(config, present.length);
    return { id: manifest.config.digest, configBytes, config, layers: present };
  }

  #keepFiles(descriptors: Descriptor[]): void {
    for (const descriptor of descriptors) {
      const file = this.#blob(descriptor);
      if (file !== undefined) this.#target.files.push(file);
    }
  }

  async #document(descriptor: Descriptor): Promise<Buffer | undefined> {
    const file = this.#blob(descriptor);
    if (file === undefined) return undefined;
    const bytes = await this.#archive.read(file);
    this.#target.documents.set(descriptor.digest, bytes);
    return bytes;
  }

  #blob(descriptor: Descriptor): ReturnType<ReceivedArchive['blob']> {
    const file = this.#archive.blob(descriptor.digest);
    if (file !== undefined && file.sizeBytes !== descriptor.size) {
      throw invalidParameter(`blob ${descriptor.digest} has ${file.sizeBytes} bytes, expected ${descriptor.size}`);
    }
    return file;
  }
}

/** The name that an entry carries. A bare tag, as `skopeo` writes it, names no repository, and so nothing here. */
function referenceOf(descriptor: Descriptor): Reference | undefined {
  const name = descriptor.annotations[CONTAINERD_NAME] ?? descriptor.annotations[REF_NAME];
  if (name === undefined) return undefined;
  try {
    const reference = parseReference(name);
    return reference.tag !== undefined && reference.digest === undefined ? reference : undefined;
  } catch {
    return undefined;
  }
}
