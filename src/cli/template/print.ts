// SPDX-License-Identifier: Apache-2.0
import { isRecord, NilPointer, Row, Struct, TypedList, TypedMap } from '#cli/template/value.ts';

/** A value as an action prints it (Go: `%v` of what the pointer points at, `<no value>` for nothing). */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  return formatValue(value);
}

/** A value as `%v` formats it. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined || value instanceof NilPointer) return '<nil>';
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (value instanceof TypedList) return `[${value.items.map(formatValue).join(' ')}]`;
  if (value instanceof TypedMap) return formatMap(Object.keys(value.raw), (key) => value.get(key));
  if (value instanceof Struct) {
    if (value.type.toText) return value.type.toText(value.raw);
    return `{${[...value.type.fields.keys()].map((name) => formatValue(value.get(name))).join(' ')}}`;
  }
  if (value instanceof Row)
    return `{${Object.values(value.columns)
      .map((column) => formatValue(column()))
      .join(' ')}}`;
  if (isRecord(value)) return formatMap(Object.keys(value), (key) => value[key]);
  return String(value);
}

function formatMap(keys: string[], get: (key: string) => unknown): string {
  return `map[${keys
    .sort(compareStrings)
    .map((key) => `${key}:${formatValue(get(key))}`)
    .join(' ')}]`;
}

/** A number as Go prints it: an exponent of at least two digits, from 1e21 on. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Go sorts strings by their bytes, which is by code point. */
export const compareStrings = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
