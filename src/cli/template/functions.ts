// SPDX-License-Identifier: Apache-2.0
import { FunctionError } from '#cli/template/errors.ts';
import { toJson } from '#cli/template/json.ts';
import { formatValue } from '#cli/template/print.ts';
import { sprintf } from '#cli/template/printf.ts';
import { isRecord, NilPointer, Row, Struct, TypedList, TypedMap, typed, typeNameOf } from '#cli/template/value.ts';

export interface TemplateFunction {
  minimum: number;
  /** `Infinity`: any number. */
  maximum: number;
  call(...values: unknown[]): unknown;
}

const fixed = (count: number, call: (...values: never[]) => unknown): TemplateFunction => ({
  minimum: count,
  maximum: count,
  call: call as TemplateFunction['call'],
});
const variadic = (minimum: number, call: (...values: never[]) => unknown): TemplateFunction => ({
  minimum,
  maximum: Number.POSITIVE_INFINITY,
  call: call as TemplateFunction['call'],
});

/** Go's built-in functions that need all their arguments; `and` and `or` are part of execution. */
const GO_FUNCTIONS: Record<string, TemplateFunction> = {
  not: fixed(1, (value: unknown) => !isTrue(value)),
  len: fixed(1, lengthOf),
  index: variadic(1, (value: unknown, ...keys: unknown[]) => keys.reduce(indexInto, value)),
  slice: variadic(1, slice),
  print: variadic(0, (...values: unknown[]) => joinOperands(values)),
  println: variadic(0, (...values: unknown[]) => `${values.map(formatValue).join(' ')}\n`),
  printf: variadic(1, (format: unknown, ...values: unknown[]) => sprintf(text(format), values)),
  html: variadic(0, (...values: unknown[]) => escapeHtml(joinOperands(values))),
  js: variadic(0, (...values: unknown[]) => escapeScript(joinOperands(values))),
  urlquery: variadic(0, (...values: unknown[]) => encodeURIComponent(joinOperands(values)).replaceAll('%20', '+')),
  eq: variadic(2, (first: unknown, ...others: unknown[]) => others.some((other) => equals(first, other))),
  ne: fixed(2, (a: unknown, b: unknown) => !equals(a, b)),
  lt: fixed(2, (a: unknown, b: unknown) => compare(a, b) < 0),
  le: fixed(2, (a: unknown, b: unknown) => compare(a, b) <= 0),
  gt: fixed(2, (a: unknown, b: unknown) => compare(a, b) > 0),
  ge: fixed(2, (a: unknown, b: unknown) => compare(a, b) >= 0),
};

/** The functions that Docker adds. */
const DOCKER_FUNCTIONS: Record<string, TemplateFunction> = {
  json: fixed(1, (value: unknown) => toJson(value)),
  split: fixed(2, (value: unknown, separator: unknown) => text(value).split(text(separator))),
  join: fixed(2, (values: unknown, separator: unknown) => strings(values).join(text(separator))),
  title: fixed(1, (value: unknown) =>
    text(value).replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_all, before, letter) => before + letter.toUpperCase()),
  ),
  lower: fixed(1, (value: unknown) => text(value).toLowerCase()),
  upper: fixed(1, (value: unknown) => text(value).toUpperCase()),
  pad: fixed(3, (value: unknown, before: unknown, after: unknown) => pad(text(value), integer(before), integer(after))),
  truncate: fixed(2, (value: unknown, length: unknown) => truncate(text(value), integer(length))),
};

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...GO_FUNCTIONS, ...DOCKER_FUNCTIONS }),
);

const unchanged = (count: number): TemplateFunction => fixed(count, (value: unknown) => value);

/** For a table's header: functions that would change a column's title leave it alone. */
export const HEADER_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ...FUNCTIONS,
  ...['json', 'title', 'lower', 'upper'].map((name) => [name, unchanged(1)] as const),
  ...['split', 'join', 'truncate'].map((name) => [name, unchanged(2)] as const),
]);

/** Go's truth: empty things and zero are false. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value instanceof NilPointer) return false;
  if (value instanceof Struct || value instanceof Row) return true;
  if (value instanceof TypedMap) return Object.keys(value.raw).length > 0;
  if (value instanceof TypedList) return value.items.length > 0;
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof TypedList) return value.items.length;
  if (value instanceof TypedMap) return Object.keys(value.raw).length;
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  if (value === null || value === undefined) throw new FunctionError('len of nil pointer');
  throw new FunctionError(`len of type ${typeNameOf(value)}`);
}

function indexInto(value: unknown, key: unknown): unknown {
  if (value instanceof TypedMap) return value.get(mapKey(key));
  if (isRecord(value)) return value[mapKey(key)];
  const items = value instanceof TypedList ? value.items : value;
  if (Array.isArray(items) || typeof items === 'string') {
    if (typeof key !== 'number') throw new FunctionError(`cannot index slice/array with type ${typeNameOf(key)}`);
    const length = typeof items === 'string' ? Buffer.byteLength(items) : items.length;
    if (key < 0 || key >= length) throw new FunctionError(`index out of range: ${key}`);
    return typeof items === 'string' ? Buffer.from(items)[key] : items[key];
  }
  if (value === null || value === undefined) throw new FunctionError('index of untyped nil');
  throw new FunctionError(`can't index item of type ${typeNameOf(value)}`);
}

function mapKey(key: unknown): string {
  if (typeof key === 'string') return key;
  throw new FunctionError(`value has type ${typeNameOf(key)}; should be string`);
}

function slice(value: unknown, ...bounds: unknown[]): unknown {
  if (bounds.length > 3) throw new FunctionError(`too many slice indexes: ${bounds.length}`);
  const items = value instanceof TypedList ? value.items : value;
  if (typeof items !== 'string' && !Array.isArray(items)) {
    throw new FunctionError(`can't slice item of type ${typeNameOf(value)}`);
  }
  const whole = typeof items === 'string' ? Buffer.from(items) : items;
  const [from = 0, to = whole.length] = bounds.map(integer);
  for (const bound of [from, to]) {
    if (bound < 0 || bound > whole.length) throw new FunctionError(`index out of range: ${bound}`);
  }
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  const part = whole.slice(from, to);
  return typeof items === 'string' ? part.toString() : part;
}

/** Go's `fmt.Sprint`: a space between operands when neither is a string. */
function joinOperands(values: readonly unknown[]): string {
  return values.reduce<string>((line, value, index) => {
    const spaced = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string';
    return line + (spaced ? ' ' : '') + formatValue(value);
  }, '');
}

const HTML: Record<string, string> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\uFFFD',
};
const escapeHtml = (value: string): string => value.replace(/["'&<>\0]/g, (character) => HTML[character] ?? character);

/** For a string within a script: what could end it or begin markup. */
const escapeScript = (value: string): string =>
  value.replace(/[\\'"]|[<>&=\p{Cc}]/gu, (character) => {
    if (/[\\'"]/.test(character)) return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });

type Kind = 'string' | 'number' | 'boolean' | 'nil' | 'other';

function kindOf(value: unknown): Kind {
  if (value === null || value === undefined || value instanceof NilPointer) return 'nil';
  if (typeof value === 'bigint') return 'number';
  const kind = typeof value;
  return kind === 'string' || kind === 'number' || kind === 'boolean' ? kind : 'other';
}

function equals(a: unknown, b: unknown): boolean {
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA === 'nil' || kindB === 'nil') return kindA === kindB;
  if (kindA === 'other' || kindB === 'other') throw new FunctionError('non-comparable type');
  if (kindA !== kindB) throw new FunctionError('incompatible types for comparison');
  // A bigint and a number of the same value are equal.
  // biome-ignore lint/suspicious/noDoubleEquals: both are numbers of one kind or the other
  return a == b;
}

function compare(a: unknown, b: unknown): number {
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA !== 'string' && kindA !== 'number') throw new FunctionError('invalid type for comparison');
  if (kindA !== kindB) throw new FunctionError('incompatible types for comparison');
  const [left, right] = [a as number, b as number];
  return left < right ? -1 : left > right ? 1 : 0;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new FunctionError(`wrong type for value; expected string; got ${typeNameOf(value)}`);
}

function integer(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new FunctionError(`wrong type for value; expected int; got ${typeNameOf(value)}`);
}

function strings(value: unknown): string[] {
  const items = value instanceof TypedList ? value.items : value;
  if (Array.isArray(items) && (value instanceof TypedList || items.every((item) => typeof item === 'string'))) {
    return items.map(text);
  }
  throw new FunctionError(`wrong type for value; expected []string; got ${typeNameOf(typed(value, 'any'))}`);
}

/** Spaces around a text that isn't empty. */
const pad = (value: string, before: number, after: number): string =>
  value === '' ? '' : ' '.repeat(before) + value + ' '.repeat(after);

/** Go counts bytes here; a character that would be cut in two is left out. */
function truncate(value: string, length: number): string {
  const bytes = Buffer.from(value);
  if (bytes.length < length) return value;
  return bytes.subarray(0, length).toString();
}
