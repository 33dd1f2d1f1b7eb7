// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { type Descriptor, parseDescriptor } from '#oci/descriptor.ts';
import { arrayOf, integerOf, type JsonObject, optionalString, parseJsonObject, stringMap } from '#oci/json.ts';
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from '#oci/media-types.ts';

/** One image: its config and layers, base first. */
export interface Manifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations: Record<string, string>;
}

/** A list of manifests, mostly one for each platform, or of further indexes. */
export interface Index {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
  annotations: Record<string, string>;
}

const MAX_ENTRIES = 10_000;

/** Parses whichever of the two it is. What claims to be both is refused (CVE-2021-41190). */
export function parseManifestOrIndex(bytes: Uint8Array, mediaType?: string): Manifest | Index {
  const object = parseJsonObject(bytes, 'manifest');
  const declared = optionalString(object.mediaType, 'manifest mediaType') || mediaType;
  if (mediaType !== undefined && declared !== mediaType) {
    throw invalidParameter(`manifest says it is ${JSON.stringify(declared)}, but is referred to as ${mediaType}`);
  }
  if ((object.manifests != null) === (object.layers != null || object.config != null)) {
    throw invalidParameter('invalid manifest: expected either config and layers, or manifests');
  }
  if (integerOf(object.schemaVersion, 'manifest schemaVersion') !== 2) {
    throw invalidParameter(`unsupported manifest schemaVersion: ${object.schemaVersion}`);
  }
  return object.manifests != null ? indexFrom(object, declared) : manifestFrom(object, declared);
}

function manifestFrom(object: JsonObject, mediaType = OCI_MANIFEST): Manifest {
  if (!isManifestType(mediaType)) throw invalidParameter(`unsupported manifest type ${JSON.stringify(mediaType)}`);
  return {
    kind: 'manifest',
    mediaType,
    config: parseDescriptor(object.config, 'manifest config'),
    layers: descriptors(object.layers, 'manifest layer'),
    annotations: stringMap(object.annotations, 'manifest annotations'),
  };
}

function indexFrom(object: JsonObject, mediaType = OCI_INDEX): Index {
  if (!isIndexType(mediaType)) throw invalidParameter(`unsupported index type ${JSON.stringify(mediaType)}`);
  return {
    kind: 'index',
    mediaType,
    manifests: descriptors(object.manifests, 'index manifest'),
    annotations: stringMap(object.annotations, 'index annotations'),
  };
}

function descriptors(value: unknown, what: string): Descriptor[] {
  const list = arrayOf(value, `${what}s`);
  if (list.length > MAX_ENTRIES) throw invalidParameter(`too many ${what}s: ${list.length}`);
  return list.map((item) => parseDescriptor(item, what));
}

/** A manifest's bytes, written the same way each time. */
export function encodeManifest(
  config: Omit<Descriptor, 'annotations'>,
  layers: Omit<Descriptor, 'annotations'>[],
): Buffer {
  const bare = ({ mediaType, digest, size }: Omit<Descriptor, 'annotations'>) => ({ mediaType, digest, size });
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: bare(config), layers: layers.map(bare) }),
  );
}

/** Whether an index entry holds facts about another image (provenance, SBOM) and not an image. */
export const isAttestation = (descriptor: Descriptor): boolean =>
  descriptor.annotations['vnd.docker.reference.type'] === 'attestation-manifest' ||
  (descriptor.platform?.os === 'unknown' && descriptor.platform.architecture === 'unknown');
