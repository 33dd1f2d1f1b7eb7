// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** The local zone at a moment. JavaScript knows the offset but not the abbreviation that `date` and Docker print. */
export interface Zone {
  offsetSeconds: number;
  abbreviation: string;
}

const UTC: Zone = { offsetSeconds: 0, abbreviation: 'UTC' };

let cached: { name: string | undefined; data: Buffer | undefined } | undefined;

/** The zone of `TZ`, else of /etc/localtime, at a moment in seconds since 1970. */
export function zoneAt(seconds: number, name: string | undefined = process.env.TZ): Zone {
  if (!cached || cached.name !== name) cached = { name, data: readZone(name) };
  const zone = cached.data && lookUp(cached.data, seconds);
  if (zone) return zone;
  const offsetSeconds = cached.data ? -new Date(seconds * 1000).getTimezoneOffset() * 60 : 0;
  return { ...UTC, offsetSeconds };
}

function readZone(name: string | undefined): Buffer | undefined {
  if (name === '' || name === 'UTC') return undefined;
  const path = name === undefined ? '/etc/localtime' : name.replace(/^:/, '');
  try {
    const data = readFileSync(path.startsWith('/') ? path : `/usr/share/zoneinfo/${path}`);
    return data.toString('latin1', 0, 4) === 'TZif' ? data : undefined;
  } catch {
    return undefined;
  }
}

interface Header {
  start: number;
  transitions: number;
  types: number;
  characters: number;
  timeBytes: 4 | 8;
  length: number;
}

/** Reads the counts of one block of a TZif file (RFC 8536, section 3). */
function readHeader(data: Buffer, at: number, timeBytes: 4 | 8): Header {
  const [utc = 0, standard = 0, leaps = 0, transitions = 0, types = 0, characters = 0] = [20, 24, 28, 32, 36, 40].map(
    (offset) => data.readUInt32BE(at + offset),
  );
  const length = transitions * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standard + utc;
  return { start: at + 44, transitions, types, characters, timeBytes, length };
}

function lookUp(data: Buffer, seconds: number): Zone | undefined {
  try {
    const first = readHeader(data, 0, 4);
    const header = data[4] === 0 ? first : readHeader(data, first.start + first.length, 8);
    return typeAt(data, header, typeIndexAt(data, header, seconds));
  } catch {
    // A file cut short is no zone.
    return undefined;
  }
}

function typeIndexAt(data: Buffer, header: Header, seconds: number): number | undefined {
  const { start, transitions, timeBytes } = header;
  const timeOf = (index: number): number =>
    timeBytes === 8 ? Number(data.readBigInt64BE(start + index * 8)) : data.readInt32BE(start + index * 4);
  let index = transitions;
  while (index > 0 && timeOf(index - 1) > seconds) index--;
  if (index === 0) return 0;
  // After the last transition the rule at the end of the file holds; only one with summer time has a comma.
  const rule = data.toString('latin1', header.start + header.length);
  if (index === transitions && rule.includes(',')) return matchingType(data, header, seconds);
  return data.readUInt8(start + transitions * timeBytes + index - 1);
}

/** The last type with the offset that JavaScript has for the moment. */
function matchingType(data: Buffer, header: Header, seconds: number): number | undefined {
  const wanted = -new Date(seconds * 1000).getTimezoneOffset() * 60;
  for (let index = header.types - 1; index >= 0; index--) {
    if (typeAt(data, header, index)?.offsetSeconds === wanted) return index;
  }
  return undefined;
}

function typeAt(data: Buffer, header: Header, index: number | undefined): Zone | undefined {
  if (index === undefined) return undefined;
  const types = header.start + header.transitions * (header.timeBytes + 1);
  const names = types + header.types * 6;
  const at = types + index * 6;
  const begin = names + data.readUInt8(at + 5);
  return { offsetSeconds: data.readInt32BE(at), abbreviation: data.toString('latin1', begin, data.indexOf(0, begin)) };
}
