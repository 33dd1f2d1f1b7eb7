// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import { integerOf, objectOf, optionalString, stringMap, stringOf } from '#oci/json.ts';
import { type OciPlatform, parsePlatformObject } from '#oci/platform.ts';

/** What names a blob: its type, digest and size (OCI image specification, "Content Descriptors"). */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  annotations: Record<string, string>;
  platform?: OciPlatform;
  artifactType?: string;
}

export function parseDescriptor(value: unknown, what: string): Descriptor {
  const object = objectOf(value, what);
  const size = integerOf(object.size, `${what} size`);
  if (size < 0) throw invalidParameter(`invalid ${what} size: ${size}`);
  const artifactType = optionalString(object.artifactType, `${what} artifactType`);
  return {
    mediaType: stringOf(object.mediaType, `${what} mediaType`),
    digest: parseDigest(object.digest),
    size,
    annotations: stringMap(object.annotations, `${what} annotations`),
    ...(object.platform != null && { platform: parsePlatformObject(object.platform, `${what} platform`) }),
    ...(artifactType !== undefined && { artifactType }),
  };
}
