// SPDX-License-Identifier: Apache-2.0
import { BLOCK_BYTES, paddingFor, type TarEntry } from '#tar/entry.ts';
import { encodeHeader, MAX_OCTAL } from '#tar/header.ts';
import { encodePax, formatPaxTime } from '#tar/pax.ts';

/** What ends every archive. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

const NAME_BYTES = 100;
const OWNER_NAME_BYTES = 32;
const NS_PER_SECOND = 1_000_000_000n;

/** An entry of which only what differs from an empty file of root's needs to be said. */
export function tarEntry(
  entry: Partial<Omit<TarEntry, 'name' | 'linkName'>> & { name: string | Buffer; linkName?: string | Buffer },
): TarEntry {
  return {
    type: 'file',
    mode: entry.type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    sizeBytes: 0,
    modifyNs: 0n,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    ...entry,
    name: bytes(entry.name),
    linkName: bytes(entry.linkName ?? ''),
  };
}

const bytes = (text: string | Buffer): Buffer => (typeof text === 'string' ? Buffer.from(text) : text);

/**
 * The header of a member: one ustar block, after a PAX header where that can't hold the values. The same entry always
 * gives the same bytes. Data and `padding(sizeBytes)` have to follow. Holes are not kept: sparse files are written in
 * full.
 */
export function header(entry: TarEntry): Buffer {
  const records = paxRecords(entry);
  if (records.length === 0) return encodeHeader(entry);
  const body = encodePax(records);
  const extended = tarEntry({ name: paxName(entry.name), sizeBytes: body.length, modifyNs: 0n });
  return Buffer.concat([encodeHeader(extended, 'x'), body, padding(body.length), encodeHeader(entry)]);
}

export const padding = (sizeBytes: number): Buffer => END_OF_ARCHIVE.subarray(0, paddingFor(sizeBytes));

/** A whole member that is in memory. */
export function member(entry: TarEntry, data: Uint8Array = new Uint8Array()): Buffer {
  const sized = { ...entry, sizeBytes: data.length };
  return Buffer.concat([header(sized), data, padding(data.length)]);
}

function paxRecords(entry: TarEntry): [string, Uint8Array | string][] {
  const records: [string, Uint8Array | string][] = [];
  if (!fits(entry.name)) records.push(['path', entry.name]);
  if (!fits(entry.linkName)) records.push(['linkpath', entry.linkName]);
  if (entry.type === 'file' && entry.sizeBytes > MAX_OCTAL[12]) records.push(['size', `${entry.sizeBytes}`]);
  if (entry.uid > MAX_OCTAL[8]) records.push(['uid', `${entry.uid}`]);
  if (entry.gid > MAX_OCTAL[8]) records.push(['gid', `${entry.gid}`]);
  if (Buffer.byteLength(entry.userName) > OWNER_NAME_BYTES) records.push(['uname', entry.userName]);
  if (Buffer.byteLength(entry.groupName) > OWNER_NAME_BYTES) records.push(['gname', entry.groupName]);
  if (!isPlainTime(entry.modifyNs)) records.push(['mtime', formatPaxTime(entry.modifyNs)]);
  for (const name of [...entry.xattrs.keys()].sort()) {
    records.push([`SCHILY.xattr.${name}`, entry.xattrs.get(name) ?? new Uint8Array()]);
  }
  return records;
}

const fits = (name: Buffer): boolean => name.length <= NAME_BYTES;

function isPlainTime(ns: bigint): boolean {
  return ns >= 0n && ns % NS_PER_SECOND === 0n && ns / NS_PER_SECOND <= BigInt(MAX_OCTAL[12]);
}

function paxName(name: Buffer): Buffer {
  const prefix = Buffer.from('PaxHeaders.0/');
  const trimmed = name.at(-1) === 0x2f ? name.subarray(0, -1) : name;
  const base = trimmed.subarray(trimmed.lastIndexOf(0x2f) + 1);
  return Buffer.concat([prefix, base.subarray(0, NAME_BYTES - prefix.length)]);
}
