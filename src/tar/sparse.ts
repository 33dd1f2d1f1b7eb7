// SPDX-License-Identifier: Apache-2.0
import { BLOCK_BYTES, invalidHeader, type SparseRegion } from '#tar/entry.ts';
import { decodeSize } from '#tar/header.ts';

/** Maps of sparse files: in GNU's old header blocks, in PAX records (0.0, 0.1) and at the start of the data (1.0). */

const PAIR_BYTES = 24;
const HEADER_PAIRS = { offset: 386, count: 4, isExtended: 482, realSize: 483 } as const;
const EXTENSION_PAIRS = { count: 21, isExtended: 504 } as const;
export const MAX_SPARSE_REGIONS = 65_536;

export function oldGnuSparse(block: Buffer): { regions: SparseRegion[]; realBytes: number; isExtended: boolean } {
  return {
    regions: pairs(block, HEADER_PAIRS.offset, HEADER_PAIRS.count),
    realBytes: decodeSize(block, HEADER_PAIRS.realSize, 12),
    isExtended: block[HEADER_PAIRS.isExtended] !== 0,
  };
}

export function oldGnuExtension(block: Buffer): { regions: SparseRegion[]; isExtended: boolean } {
  return { regions: pairs(block, 0, EXTENSION_PAIRS.count), isExtended: block[EXTENSION_PAIRS.isExtended] !== 0 };
}

function pairs(block: Buffer, start: number, count: number): SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * PAIR_BYTES;
    if (block[at] === 0) break;
    regions.push({ offset: decodeSize(block, at, 12), length: decodeSize(block, at + 12, 12) });
  }
  return regions;
}

/** `offset,length,offset,length…` */
export function parseSparseList(text: string): SparseRegion[] {
  const numbers = text.split(',');
  if (numbers.length % 2 !== 0 || numbers.length > 2 * MAX_SPARSE_REGIONS) throw invalidHeader('bad sparse map');
  return toRegions(numbers);
}

/** Reads the map of form 1.0; `undefined` while more of the data is needed. */
export function parseSparsePrefix(bytes: Buffer): { regions: SparseRegion[]; mapBytes: number } | undefined {
  const lines: string[] = [];
  let wanted = 1;
  let at = 0;
  while (lines.length < wanted) {
    const newline = bytes.indexOf(0x0a, at);
    if (newline < 0) {
      if (bytes.length - at > 32) throw invalidHeader('bad sparse map');
      return undefined;
    }
    lines.push(bytes.toString('latin1', at, newline));
    at = newline + 1;
    if (lines.length === 1) wanted = 1 + 2 * countOf(lines[0] ?? '');
  }
  const mapBytes = Math.ceil(at / BLOCK_BYTES) * BLOCK_BYTES;
  return bytes.length < mapBytes ? undefined : { regions: toRegions(lines.slice(1)), mapBytes };
}

function countOf(text: string): number {
  const count = Number(text);
  if (!/^[0-9]+$/.test(text) || count > MAX_SPARSE_REGIONS) throw invalidHeader('bad sparse map');
  return count;
}

function toRegions(numbers: string[]): SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [Number(numbers[i]), Number(numbers[i + 1])];
    if (!/^[0-9]+$/.test(numbers[i] ?? '') || !/^[0-9]+$/.test(numbers[i + 1] ?? ''))
      throw invalidHeader('bad sparse map');
    regions.push({ offset, length });
  }
  return regions;
}

/** Checks that the regions follow each other inside the file and account for every stored byte. */
export function checkRegions(regions: readonly SparseRegion[], realBytes: number, storedBytes: number): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of regions) {
    if (offset < end || offset + length > realBytes || !Number.isSafeInteger(offset + length))
      throw invalidHeader('bad sparse map');
    end = offset + length;
    total += length;
  }
  if (total !== storedBytes) throw invalidHeader('sparse map does not match the data');
}
