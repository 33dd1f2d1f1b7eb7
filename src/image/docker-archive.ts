// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { PlannedTarget } from '#image/plan.ts';
import type { ReceivedArchive } from '#image/received-archive.ts';
import type { ReceivedFile } from '#layer/worker-protocol.ts';
import { type Digest, digestOf, parseDigest } from '#oci/digest.ts';
import { type ImageConfig, parseImageConfig } from '#oci/image-config.ts';
import { arrayOf, objectOf, parseJson, stringList, stringOf } from '#oci/json.ts';
import { encodeManifest } from '#oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '#oci/media-types.ts';
import { parseReference, type Reference } from '#oci/reference.ts';

export const DOCKER_MANIFEST_FILE = 'manifest.json';
const MAX_IMAGES = 1000;

/**
 * Reads `manifest.json` of a docker-archive. The manifest that such an image lacks is made here, always the same for
 * the same image.
 */
export async function planDockerArchive(archive: ReceivedArchive): Promise<PlannedTarget[]> {
  const document = parseJson(await archive.read(archive.get(DOCKER_MANIFEST_FILE)), DOCKER_MANIFEST_FILE);
  if (document === null) throw invalidParameter('invalid manifest, manifest cannot be null (but can be [])');
  const items = arrayOf(document, DOCKER_MANIFEST_FILE);
  if (items.length > MAX_IMAGES) throw invalidParameter(`invalid archive: more than ${MAX_IMAGES} images`);
  const targets: PlannedTarget[] = [];
  for (const item of items) {
    const object = objectOf(item, DOCKER_MANIFEST_FILE);
    const layers = stringList(object.Layers, 'Layers').map((name) => archive.get(name));
    const configBytes = await archive.read(archive.get(stringOf(object.Config, 'Config')));
    targets.push(targetFor(configBytes, layers, stringList(object.RepoTags, 'RepoTags').map(parseTagged)));
  }
  return targets;
}

/** A target made of a config and its layers. */
export function targetFor(configBytes: Buffer, layers: ReceivedFile[], references: Reference[]): PlannedTarget {
  const config = parseImageConfig(configBytes);
  checkLayerCount(config, layers.length);
  const id = digestOf(configBytes);
  const manifest = encodeManifest(
    { mediaType: OCI_CONFIG, digest: id, size: configBytes.length },
    layers.map((file) => ({ mediaType: layerMediaType(file), digest: parseDigest(file.digest), size: file.sizeBytes })),
  );
  const digest = digestOf(manifest);
  const facts = { digest, mediaType: OCI_MANIFEST, sizeBytes: manifest.length };
  return {
    ...facts,
    manifests: [{ ...facts, kind: 'image', platform: config.platform, image: { id, configBytes, config, layers } }],
    documents: new Map<Digest, Buffer>([
      [digest, manifest],
      [id, configBytes],
    ]),
    files: [],
    references,
  };
}

export function checkLayerCount(config: ImageConfig, count: number): void {
  if (config.diffIds.length === count) return;
  throw invalidParameter(`invalid manifest, layers length mismatch: expected ${count}, got ${config.diffIds.length}`);
}

function layerMediaType(file: ReceivedFile): string {
  const isCompressed = file.compression === 'gzip' || file.compression === 'zstd';
  return isCompressed ? `${OCI_LAYER}+${file.compression}` : OCI_LAYER;
}

function parseTagged(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag === undefined || reference.digest !== undefined)
    throw invalidParameter(`invalid tag ${JSON.stringify(text)}`);
  return reference;
}
