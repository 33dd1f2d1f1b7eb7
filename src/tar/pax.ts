// SPDX-License-Identifier: Apache-2.0
import { invalidHeader } from '#tar/entry.ts';

/** Records of a PAX extended header: `length key=value\n`, where length counts all of it. Values are bytes. */
export type PaxRecords = Map<string, Buffer>;

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const MAX_LENGTH_DIGITS = 10;

/** GNU's sparse map 0.0 repeats two keys; they are joined under this one, in its form 0.1. */
export const SPARSE_MAP = 'GNU.sparse.map';

export function decodePax(bytes: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  const sparse: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(SPACE, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    const end = at + Number(digits);
    if (!/^[0-9]+$/.test(digits) || digits.length > MAX_LENGTH_DIGITS || end > bytes.length || end <= space + 1) {
      throw invalidHeader('bad length of a PAX record');
    }
    const equals = bytes.indexOf(EQUALS, space);
    if (equals <= space + 1 || equals >= end || bytes[end - 1] !== NEWLINE) throw invalidHeader('bad PAX record');
    const key = bytes.toString('utf8', space + 1, equals);
    const value = Buffer.from(bytes.subarray(equals + 1, end - 1));
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') sparse.push(value.toString('latin1'));
    else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, Buffer.from(sparse.join(',')));
  return records;
}

export function encodePax(records: Iterable<[key: string, value: Uint8Array | string]>): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of records) {
    const body = Buffer.concat([
      Buffer.from(` ${key}=`),
      typeof value === 'string' ? Buffer.from(value) : value,
      NEWLINE_BYTES,
    ]);
    let length = body.length + 1;
    while (`${length}`.length + body.length !== length) length = `${length}`.length + body.length;
    parts.push(Buffer.from(`${length}`), body);
  }
  return Buffer.concat(parts);
}

const NEWLINE_BYTES = Buffer.from('\n');

/** A decimal number of bytes or an ID. */
export function paxInteger(value: Buffer): number {
  const text = value.toString('latin1');
  const number = Number(text);
  if (!/^-?[0-9]+$/.test(text) || !Number.isSafeInteger(number)) throw invalidHeader('bad number in a PAX record');
  return number;
}

export function paxSize(value: Buffer): number {
  const size = paxInteger(value);
  if (size < 0) throw invalidHeader('negative size');
  return size;
}

/** `seconds[.fraction]` in nanoseconds. */
export function paxTime(value: Buffer): bigint {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1'));
  if (match === null) throw invalidHeader('bad time in a PAX record');
  const [, sign, seconds = '0', fraction = ''] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}

export function formatPaxTime(ns: bigint): string {
  const magnitude = ns < 0n ? -ns : ns;
  const fraction = `${magnitude % 1_000_000_000n}`.padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${magnitude / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}
