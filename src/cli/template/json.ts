// SPDX-License-Identifier: Apache-2.0
import { compareStrings } from '#cli/template/print.ts';
import { isRecord, NilPointer, Row, Struct, TypedList, TypedMap } from '#cli/template/value.ts';

/** A value as Docker's `json` function writes it: keys of maps and tables sorted, struct fields in the order they were sent. */
export function toJson(value: unknown): string {
  if (value === null || value === undefined || value instanceof NilPointer) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (value instanceof TypedList) return value.isNil ? 'null' : `[${value.items.map(toJson).join(',')}]`;
  if (value instanceof TypedMap) return value.isNil ? 'null' : sortedObject(value.raw, (key) => value.get(key));
  if (value instanceof Struct) return structJson(value);
  if (value instanceof Row) return rowJson(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isRecord(value)) return sortedObject(value, (key) => value[key]);
  return JSON.stringify(value);
}

function structJson(value: Struct): string {
  const names = new Map([...value.type.fields].map(([name, field]) => [field.key, name]));
  const members = Object.keys(value.raw).map((key) => {
    const name = names.get(key);
    return `${jsonString(key)}:${toJson(name === undefined ? value.raw[key] : value.get(name))}`;
  });
  return `{${members.join(',')}}`;
}

/** Docker marshals table rows with HTML characters escaped, and all else without. */
function rowJson(row: Row): string {
  const text = sortedObject(row.columns, (key) => row.columns[key]?.());
  return text.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function sortedObject(keys: object, get: (key: string) => unknown): string {
  const members = Object.keys(keys)
    .sort(compareStrings)
    .map((key) => `${jsonString(key)}:${toJson(get(key))}`);
  return `{${members.join(',')}}`;
}

/** Go escapes the two line separators that JSON allows and JavaScript once did not. */
function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
