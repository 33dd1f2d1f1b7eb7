// SPDX-License-Identifier: Apache-2.0
import { BLOCK_BYTES, invalidHeader, type TarEntry, type TarEntryType } from '#tar/entry.ts';

/** A 512-byte header block, decoded as it stands: extended headers are applied by the reader. */
export interface RawHeader {
  flag: string;
  format: 'v7' | 'ustar' | 'gnu';
  name: Buffer;
  linkName: Buffer;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes that follow in the archive. */
  storedBytes: number;
  modifySeconds: number;
  userName: string;
  groupName: string;
  deviceMajor: number;
  deviceMinor: number;
}

const CHECKSUM_OFFSET = 148;
const CHECKSUM_LENGTH = 8;
const SPACE = 0x20;

export function decodeHeader(block: Buffer): RawHeader {
  verifyChecksum(block);
  const format = formatOf(block);
  const hasDevice = format !== 'v7';
  return {
    flag: String.fromCharCode(block[156] ?? 0),
    format,
    name: nameOf(block, format),
    linkName: terminated(block, 157, 100),
    mode: decodeNumber(block, 100, 8) & 0o7777,
    uid: decodeNumber(block, 108, 8),
    gid: decodeNumber(block, 116, 8),
    storedBytes: decodeSize(block, 124, 12),
    modifySeconds: decodeNumber(block, 136, 12),
    userName: hasDevice ? terminated(block, 265, 32).toString() : '',
    groupName: hasDevice ? terminated(block, 297, 32).toString() : '',
    deviceMajor: hasDevice ? decodeNumber(block, 329, 8) : 0,
    deviceMinor: hasDevice ? decodeNumber(block, 337, 8) : 0,
  };
}

export function isZeroBlock(block: Buffer): boolean {
  for (let i = 0; i < BLOCK_BYTES; i++) if (block[i] !== 0) return false;
  return true;
}

function verifyChecksum(block: Buffer): void {
  let unsigned = CHECKSUM_LENGTH * SPACE;
  let signed = unsigned;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    if (i === CHECKSUM_OFFSET) i += CHECKSUM_LENGTH;
    const byte = block[i] ?? 0;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stored = decodeNumber(block, CHECKSUM_OFFSET, CHECKSUM_LENGTH);
  // Some old writers summed signed bytes.
  if (stored !== unsigned && stored !== signed) throw invalidHeader('checksum does not match');
}

function formatOf(block: Buffer): RawHeader['format'] {
  const magic = block.toString('latin1', 257, 265);
  if (magic === 'ustar  \0') return 'gnu';
  return magic.startsWith('ustar') ? 'ustar' : 'v7';
}

function nameOf(block: Buffer, format: RawHeader['format']): Buffer {
  const name = terminated(block, 0, 100);
  if (format !== 'ustar') return name;
  // star keeps times behind a shorter prefix and marks that with `tar` at the end.
  const prefix = terminated(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** The bytes up to the first NUL, copied: the block is used again. */
function terminated(block: Buffer, offset: number, length: number): Buffer {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

/** An octal number between blanks, or a big-endian one with the top bit set (base-256). Empty is 0. */
export function decodeNumber(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if (first & 0x80) return decodeBase256(block, offset, length);
  let value = 0;
  let i = offset;
  const end = offset + length;
  while (i < end && (block[i] === SPACE || block[i] === 0)) i++;
  for (; i < end; i++) {
    const digit = (block[i] ?? 0) - 0x30;
    if (block[i] === SPACE || block[i] === 0) break;
    if (digit < 0 || digit > 7) throw invalidHeader('not an octal number');
    value = value * 8 + digit;
  }
  return value;
}

function decodeBase256(block: Buffer, offset: number, length: number): number {
  const isNegative = ((block[offset] ?? 0) & 0x40) !== 0;
  let value = BigInt((block[offset] ?? 0) & 0x3f) - (isNegative ? 0x40n : 0n);
  for (let i = offset + 1; i < offset + length; i++) value = (value << 8n) | BigInt(block[i] ?? 0);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidHeader('number is too large');
  return number;
}

/** A number that counts bytes, and so can't be negative. */
export function decodeSize(block: Buffer, offset: number, length: number): number {
  const value = decodeNumber(block, offset, length);
  if (value < 0) throw invalidHeader('negative size');
  return value;
}

const FLAG_OF: Record<TarEntryType, string> = {
  file: '0',
  'hard-link': '1',
  'symbolic-link': '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

const TYPE_OF = new Map<string, TarEntryType>([
  ...Object.entries(FLAG_OF).map(([type, flag]): [string, TarEntryType] => [flag, type as TarEntryType]),
  ['\0', 'file'],
  ['7', 'file'],
  ['S', 'file'],
]);

/** The type of a member; a file whose name ends in a slash is a directory, as before ustar. */
export function entryTypeOf(flag: string, name: Buffer): TarEntryType {
  const type = TYPE_OF.get(flag);
  if (type === undefined) throw invalidHeader(`unhandled tar header type ${JSON.stringify(flag)}`);
  return type === 'file' && name.at(-1) === 0x2f && flag !== 'S' ? 'directory' : type;
}

/** What fits into a ustar header of these fields. */
export const MAX_OCTAL = { 8: 0o7777777, 12: 0o77777777777 } as const;

/** One ustar header block. Values that don't fit have to be in a PAX header before it, and are written as 0 or cut. */
export function encodeHeader(entry: TarEntry, flag = FLAG_OF[entry.type]): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  entry.name.copy(block, 0, 0, 100);
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, entry.uid);
  octal(block, 116, 8, entry.gid);
  octal(block, 124, 12, entry.type === 'file' ? entry.sizeBytes : 0);
  octal(block, 136, 12, Number(entry.modifyNs / 1_000_000_000n));
  block.write(flag, 156, 'latin1');
  entry.linkName.copy(block, 157, 0, 100);
  block.write('ustar\0' + '00', 257, 'latin1');
  block.write(entry.userName, 265, 32);
  block.write(entry.groupName, 297, 32);
  octal(block, 329, 8, entry.deviceMajor);
  octal(block, 337, 8, entry.deviceMinor);
  return sealed(block);
}

function octal(block: Buffer, offset: number, length: 8 | 12, value: number): void {
  const fits = value >= 0 && value <= MAX_OCTAL[length];
  block.write(`${(fits ? value : 0).toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
}

function sealed(block: Buffer): Buffer {
  block.fill(SPACE, CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_LENGTH);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_OFFSET, 'latin1');
  return block;
}
