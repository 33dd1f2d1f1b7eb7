// SPDX-License-Identifier: Apache-2.0
import type { AddressPool, RuntimeTable, UlimitTable } from '#daemon/config/options.ts';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** A boolean as Go's strconv reads it, because flags such as `--icc=0` are written by hand. */
export function parseBool(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}

/** `name=value`, as `--log-opt` takes it. */
export function parsePair(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new Error(`invalid value ${JSON.stringify(text)}: must be formatted 'name=value'`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `--add-runtime name=/path`. */
export function parseRuntime(text: string, known: RuntimeTable): RuntimeTable {
  const [name, path] =
    /^([^=]+)=(.+)$/
      .exec(text)
      ?.slice(1)
      .map((part) => part.trim()) ?? [];
  if (!name || !path) throw new Error(`invalid runtime argument: ${text}`);
  if (Object.hasOwn(known, name)) throw new Error(`runtime '${name}' was already defined`);
  return { ...known, [name]: { path, args: [] } };
}

/** `--default-ulimit name=soft[:hard]`; -1 is without limit. */
export function parseUlimit(text: string, known: UlimitTable): UlimitTable {
  const [, name, softText, hardText] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (!name || softText === undefined) throw new Error(`invalid ulimit argument: ${text}`);
  return { ...known, [name]: checkUlimit({ name, soft: Number(softText), hard: Number(hardText ?? softText) }) };
}

const ULIMITS = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

export function checkUlimit(limit: UlimitTable[string]): UlimitTable[string] {
  if (!ULIMITS.has(limit.name)) throw new Error(`invalid ulimit type: ${limit.name}`);
  if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard)) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${limit.soft} > ${limit.hard}`);
  }
  return limit;
}

/** `--default-address-pool base=10.10.0.0/16,size=24`. */
export function parsePool(text: string): AddressPool {
  const pool: Partial<AddressPool> = {};
  for (const field of text.split(',')) {
    const [name, value] = parsePair(field);
    if (name === 'base') pool.base = value;
    else if (name === 'size') pool.size = parseInteger(value);
    else throw new Error(`unexpected key '${name}' in '${field}'`);
  }
  if (pool.base === undefined || pool.size === undefined) throw new Error(`invalid address pool: ${text}`);
  return { base: pool.base, size: pool.size };
}

const UNITS: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A size such as `64M`, in powers of 1024 as Docker counts memory. */
export function parseSizeBytes(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = UNITS[(unit ?? '').toLowerCase()];
  if (digits === undefined || factor === undefined) throw new Error(`invalid size: '${text}'`);
  return Math.floor(Number(digits) * factor);
}
