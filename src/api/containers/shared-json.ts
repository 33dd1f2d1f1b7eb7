// SPDX-License-Identifier: Apache-2.0

import type { ApiVersion } from '#api/version.ts';
import type { ContainerView, MountView } from '#model/container-view.ts';
import type { MountPoint, OCIDescriptor } from '#wire/types.gen.ts';

/** A mount as inspect and ls show it. */
export const toMountPoint = (mount: MountView): MountPoint => ({
  Type: mount.type,
  ...(mount.name !== undefined && { Name: mount.name }),
  Source: mount.source,
  Destination: mount.destination,
  ...(mount.driver !== undefined && { Driver: mount.driver }),
  Mode: mount.mode,
  RW: mount.readWrite,
  Propagation: mount.propagation,
});

/** Which manifest the container came from (API 1.48). */
export function manifestDescriptor(
  { record }: ContainerView,
  version: ApiVersion,
): { ImageManifestDescriptor?: OCIDescriptor } {
  const { imageManifest } = record;
  if (!imageManifest || version.before('1.48')) return {};
  const { os, architecture, variant } = record.platform;
  return {
    ImageManifestDescriptor: {
      mediaType: imageManifest.mediaType,
      digest: imageManifest.digest,
      size: imageManifest.sizeBytes,
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
    },
  };
}
