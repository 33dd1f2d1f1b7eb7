// SPDX-License-Identifier: Apache-2.0
import type { HealthCheck } from '#model/container.ts';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
  osVersion?: string;
}

/** The run configuration in an image's config (OCI image config §properties, plus Docker's additions). */
export interface ImageRunConfig {
  user: string;
  exposedPorts: string[];
  env: string[];
  entrypoint?: string[];
  cmd?: string[];
  volumes: string[];
  workingDir: string;
  labels: Record<string, string>;
  stopSignal?: string;
  healthcheck?: HealthCheck;
  onBuild: string[];
  shell?: string[];
}

export interface HistoryEntry {
  created?: Date;
  createdBy: string;
  author: string;
  comment: string;
  emptyLayer: boolean;
}

/** What names the manifest of an image for one platform. */
export interface ManifestDescriptor {
  mediaType: string;
  digest: string;
  sizeBytes: number;
}

/** One runnable image: a config and its layers. */
export interface Image {
  /** The config's digest: Docker's image ID. */
  id: string;
  platform: Platform;
  created?: Date;
  author: string;
  config: ImageRunConfig;
  /** Uncompressed layer digests, base first. */
  diffIds: string[];
  history: HistoryEntry[];
  /** Sum of the uncompressed layers. */
  sizeBytes: number;
  /** `name:tag`, familiar form. */
  repoTags: string[];
  /** `name@sha256:…`. */
  repoDigests: string[];
  /** Digest of the manifest or index that the references point at. */
  targetDigest: string;
  /** When a reference was last pointed at it. */
  lastTaggedAt?: Date;
}

/** What became of one reference or image in `rmi`, `prune` and `load`. */
export type ImageDeletion = { untagged: string } | { deleted: string };

export interface ImageHistoryRow {
  /** An image ID, or `<missing>`. */
  id: string;
  created?: Date;
  createdBy: string;
  tags: string[];
  sizeBytes: number;
  comment: string;
}

export interface ImageView {
  image: Image;
  /** Containers made from it; -1 if not counted. */
  containers: number;
  sharedSizeBytes: number;
  /** One row for each platform of an index (API 1.47 `Manifests`). */
  manifests: ManifestView[];
  graph: { driver: string; data: Record<string, string> };
}

export interface ManifestView {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  available: boolean;
  kind: 'image' | 'attestation' | 'unknown';
  platform?: Platform;
  contentSizeBytes: number;
  unpackedSizeBytes: number;
  containers: string[];
}

/** A line of a JSON progress stream, in the engine's words; `api` writes it as Docker's `jsonmessage`. */
export interface Progress {
  status?: string;
  id?: string;
  stream?: string;
  current?: number;
  total?: number;
  aux?: unknown;
}
