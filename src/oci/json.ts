// SPDX-License-Identifier: Apache-2.0
import { invalidParameter, messageOf } from '#core/errors.ts';

/**
 * JSON that somebody else wrote. It is bounded in size and depth, its objects have no prototype (so `__proto__` is a
 * key like any other), and every value is checked for its type where it is read. As in Go, `null` means absent.
 */

export type JsonObject = { readonly [key: string]: unknown };

/** Manifests and configs are small; registries refuse manifests above 4 MiB. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 64;

/** Parses `bytes`; `what` names them in the error. */
export function parseJson(bytes: Uint8Array, what: string, maxBytes = MAX_JSON_BYTES): unknown {
  if (bytes.length > maxBytes) throw invalidParameter(`${what} is larger than ${maxBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalidParameter(`${what} is not valid JSON: ${messageOf(error).slice(0, 200)}`);
  }
  return withoutPrototypes(value, what, 0);
}

export const parseJsonObject = (bytes: Uint8Array, what: string): JsonObject => objectOf(parseJson(bytes, what), what);

function withoutPrototypes(value: unknown, what: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) throw invalidParameter(`${what} is nested too deeply`);
  if (Array.isArray(value)) return value.map((item) => withoutPrototypes(item, what, depth + 1));
  const bare: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) bare[key] = withoutPrototypes(item, what, depth + 1);
  return bare;
}

const wrong = (what: string, expected: string): Error => invalidParameter(`invalid ${what}: expected ${expected}`);

export function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(what, 'an object');
  return value as JsonObject;
}

export const optionalObject = (value: unknown, what: string): JsonObject =>
  value === null || value === undefined ? Object.create(null) : objectOf(value, what);

export function arrayOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(what, 'a list');
  return value;
}

export const optionalArray = (value: unknown, what: string): readonly unknown[] =>
  value === null || value === undefined ? [] : arrayOf(value, what);

export function stringOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrong(what, 'a string');
  return value;
}

export const optionalString = (value: unknown, what: string): string | undefined =>
  value === null || value === undefined ? undefined : stringOf(value, what);

export const booleanOf = (value: unknown, what: string): boolean => {
  if (value === null || value === undefined) return false;
  if (typeof value !== 'boolean') throw wrong(what, 'true or false');
  return value;
};

export function integerOf(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value)) throw wrong(what, 'an integer');
  return value as number;
}

export const optionalInteger = (value: unknown, what: string): number | undefined =>
  value === null || value === undefined ? undefined : integerOf(value, what);

export const stringList = (value: unknown, what: string): string[] =>
  optionalArray(value, what).map((item) => stringOf(item, what));

/** A map of strings without a prototype. */
export function stringMap(value: unknown, what: string): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [key, item] of Object.entries(optionalObject(value, what))) map[key] = stringOf(item, what);
  return map;
}
