// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '#core/errors.ts';
import shapes from './requests.gen.json' with { type: 'json' };

/**
 * Reads a request's JSON the way Docker's daemon does: keys match without regard to case, unknown ones are ignored, `null`
 * is the same as absent, and a value of the wrong type is refused. What comes back has exactly the fields of the
 * specification in its spelling; its maps have no prototype, so that no key in them means anything to JavaScript.
 */

type Shape = string | readonly unknown[] | { readonly [field: string]: unknown };
type Structure = ReadonlyMap<string, { name: string; shape: Shape }>;

const definitions = shapes.definitions as Record<string, Shape>;
const bodies = shapes.bodies as Record<string, Shape>;

/** Operations whose body is JSON: `METHOD /path` as in the specification. */
export type BodyName = keyof typeof shapes.bodies;

/** Throws `invalid-parameter` with the path of the field that does not fit. */
export function decodeBody<T>(operation: BodyName, value: unknown): T {
  return decode(bodies[operation] ?? 'any', value ?? {}, '') as T;
}

function decode(shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === 'string') {
    if (shape.startsWith('@')) return decode(definitions[shape.slice(1)] ?? 'any', value, path);
    return decodeScalar(shape, value, path);
  }
  if (Array.isArray(shape)) return decodeCollection(shape, value, path);
  return decodeStructure(shape as { readonly [field: string]: unknown }, value, path);
}

function decodeScalar(type: string, value: unknown, path: string): unknown {
  switch (type) {
    case 'any':
      return value;
    case 'string':
      return typeof value === 'string' ? value : mismatch(value, path, type);
    case 'bool':
      return typeof value === 'boolean' ? value : mismatch(value, path, type);
    case 'strings':
      return typeof value === 'string' ? [value] : decodeCollection(['list', 'string'], value, path);
    case 'number':
      return typeof value === 'number' ? value : mismatch(value, path, type);
    default:
      return decodeInteger(type, value, path);
  }
}

/** Smallest and largest value of Go's integer types; those of 64 bits as near as a double comes. */
const RANGES: Record<string, readonly [number, number]> = {
  uint8: [0, 2 ** 8 - 1],
  uint16: [0, 2 ** 16 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
};

function decodeInteger(type: string, value: unknown, path: string): number {
  const [least, most] = RANGES[type] ?? [-(2 ** 63), 2 ** 63];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return mismatch(value, path, type);
}

function decodeCollection(shape: readonly unknown[], value: unknown, path: string): unknown {
  const [kind, inner = 'any'] = shape as [string, Shape?];
  if (kind === 'list') return decodeList(inner, value, path);
  if (!isObject(value)) return mismatch(value, path, 'map');
  const entries = Object.entries(value).map(([key, item]) => {
    if (kind === 'set') return [key, {}] as const;
    return [key, item === null ? emptyOf(inner) : decode(inner, item, `${path}.${key}`)] as const;
  });
  return withoutPrototype(entries);
}

function decodeList(inner: Shape, value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) return mismatch(value, path, 'list');
  return value.map((item, index) => (item === null ? emptyOf(inner) : decode(inner, item, `${path}[${index}]`)));
}

function decodeStructure(shape: { readonly [field: string]: unknown }, value: unknown, path: string): unknown {
  if (!isObject(value)) return mismatch(value, path, 'object');
  const fields = structureOf(shape);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const field = fields.get(key.toLowerCase());
    if (!field || item === null) continue;
    result[field.name] = decode(field.shape, item, path ? `${path}.${field.name}` : field.name);
  }
  return result;
}

const structures = new WeakMap<object, Structure>();

/** The fields of a structure by their lower-case name, included definitions first. */
function structureOf(shape: { readonly [field: string]: unknown }): Structure {
  const known = structures.get(shape);
  if (known) return known;
  const { '&': included = [], ...own } = shape;
  const fields = new Map<string, { name: string; shape: Shape }>();
  for (const name of included as string[]) {
    const part = structureOf(definitions[name] as { readonly [field: string]: unknown });
    for (const [key, field] of part) fields.set(key, field);
  }
  for (const [name, inner] of Object.entries(own)) fields.set(name.toLowerCase(), { name, shape: inner as Shape });
  structures.set(shape, fields);
  return fields;
}

/** What Go makes of a `null` where a value must be: the zero value. */
function emptyOf(shape: Shape): unknown {
  if (typeof shape === 'string') {
    if (shape.startsWith('@')) return emptyOf(definitions[shape.slice(1)] ?? 'any');
    return { any: null, string: '', bool: false, strings: [] }[shape] ?? 0;
  }
  if (Array.isArray(shape)) return shape[0] === 'list' ? [] : withoutPrototype([]);
  return {};
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function withoutPrototype(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const map: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

function mismatch(value: unknown, path: string, type: string): never {
  const where = path === '' ? 'the request body' : `field ${path}`;
  throw new EngineError('invalid-parameter', `invalid JSON: cannot use ${describe(value)} as ${where} of type ${type}`);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return `number ${value}`;
  return typeof value;
}
