// SPDX-License-Identifier: Apache-2.0

/** The two families of media types that images are made of: OCI image specification and Docker's schema 2. */

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

const IMAGE_LAYERS: ReadonlySet<string> = new Set([
  ...['', '+gzip', '+zstd'].map((compression) => `${OCI_LAYER}${compression}`),
  ...['', '+gzip', '+zstd'].map(
    (compression) => `application/vnd.oci.image.layer.nondistributable.v1.tar${compression}`,
  ),
  ...['', '.gzip', '.zstd'].map((compression) => `${DOCKER_LAYER}${compression}`),
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]);

export const isIndexType = (mediaType: string): boolean => mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
export const isManifestType = (mediaType: string): boolean =>
  mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
export const isConfigType = (mediaType: string): boolean => mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;

/** Whether it is a layer that can be applied to a root file system; attestations and artifacts have others. */
export const isLayerType = (mediaType: string): boolean => IMAGE_LAYERS.has(mediaType);
