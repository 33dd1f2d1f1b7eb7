// SPDX-License-Identifier: Apache-2.0
import type { ReceivedFile } from '#layer/worker-protocol.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import type { OciPlatform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';

/** What an archive holds, before anything of it is stored: every format is turned into this. */
export interface PlannedTarget {
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  /** In the order of the index; a manifest by itself is the only one. */
  manifests: PlannedManifest[];
  /** Small blobs by digest: manifests, indexes, configs. */
  documents: Map<Digest, Buffer>;
  /** Blobs to keep whole although they are no layers of a runnable image: attestations, artifacts. */
  files: ReceivedFile[];
  references: Reference[];
}

export interface PlannedManifest {
  digest: Digest;
  mediaType: string;
  sizeBytes: number;
  kind: 'image' | 'attestation' | 'unknown';
  platform?: OciPlatform;
  /** Absent for what can't be run, and for what the archive lacks. */
  image?: PlannedImage;
}

export interface PlannedImage {
  id: Digest;
  configBytes: Buffer;
  config: ImageConfig;
  /** One file for each diff ID, base first. */
  layers: ReceivedFile[];
}
