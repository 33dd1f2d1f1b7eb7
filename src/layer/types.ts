// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { Change } from '#model/system.ts';

/** A layer that was unpacked and verified. Its directory never changes. */
export interface Layer {
  /** OCI image specification, "Layer ChainID". */
  chainId: string;
  diffId: string;
  parent?: string;
  sizeBytes: number;
}

export interface UnpackOptions {
  parent?: string;
  /** The uncompressed tar's digest; anything else is refused and leaves nothing. */
  diffId?: string;
  signal: AbortSignal;
}

/**
 * Layers by chain ID, shared between images. A layer is visible only once it was unpacked, verified and synced.
 * Reference counts are the image part's; `remove` refuses a layer that has children or snapshots.
 */
export interface LayerStore {
  get(chainId: string): Layer | undefined;
  list(): Layer[];
  /**
   * Unpacks a tar in any compression, off the event loop. Idempotent: a layer that exists is returned, its stream
   * drained.
   */
  unpack(tar: Readable | { path: string }, options: UnpackOptions): Promise<Layer>;
  /** The layer as an uncompressed tar, byte for byte the one whose digest is its diff ID. */
  tar(chainId: string): Promise<Readable>;
  /** Directories of the layer and its parents, top first: overlayfs' lowerdir. */
  lowerDirectories(chainId: string): string[];
  remove(chainId: string): Promise<void>;
}

/** The writable side of a container: an upper directory over an image's layers. */
export interface SnapshotStore {
  readonly driver: 'overlay2' | 'fuse-overlayfs' | 'vfs';
  create(id: string, options: { parent?: string; storageOptions: Record<string, string> }): Promise<void>;
  /** Mounts it (idempotent) and returns the merged directory. */
  mount(id: string, options?: { label?: string }): Promise<string>;
  unmount(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  changes(id: string): Promise<Change[]>;
  /** Bytes in the upper directory. */
  usage(id: string): Promise<number>;
  /** Names and values for `GraphDriver.Data`. */
  directories(id: string): Record<string, string>;
  /** IDs that exist, for the clean-up after a crash. */
  list(): Promise<string[]>;
}
