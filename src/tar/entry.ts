// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

export type TarEntryType =
  | 'file'
  | 'hard-link'
  | 'symbolic-link'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** One member of a tar archive. Names, link targets and attribute values are bytes: they need not be UTF-8. */
export interface TarEntry {
  type: TarEntryType;
  /** As in the archive: perhaps absolute, with `..`, or with a slash at the end. */
  name: Buffer;
  /** Target of a link, as in the archive; empty for what is not one. */
  linkName: Buffer;
  /** Permission bits with set-user-ID, set-group-ID and sticky. */
  mode: number;
  uid: number;
  gid: number;
  userName: string;
  groupName: string;
  /** Size of the file once it is unpacked, holes included. */
  sizeBytes: number;
  modifyNs: bigint;
  deviceMajor: number;
  deviceMinor: number;
  xattrs: Map<string, Buffer>;
  /** Where a sparse file has data, in order; absent for an ordinary one. */
  regions?: SparseRegion[];
}

export interface SparseRegion {
  offset: number;
  length: number;
}

/** Receives the members of an archive, in order: `entry`, then `data` any number of times, then `endEntry`. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** `offset` is the place in the unpacked file. The chunk is only valid during the call. */
  data(chunk: Uint8Array, offset: number): void;
  endEntry(): void;
}

export const BLOCK_BYTES = 512;

export const paddingFor = (sizeBytes: number): number => (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;

/** The words of Go's archive/tar, which Docker's clients see. */
export const invalidHeader = (why: string): Error => invalidParameter(`archive/tar: invalid tar header: ${why}`);
export const truncated = (): Error => invalidParameter('archive/tar: unexpected EOF');
