// SPDX-License-Identifier: Apache-2.0
import type { FieldType, StructType } from '#cli/template/value.ts';

const SIMPLE = new Set<string>(['string', 'int', 'float', 'bool', 'any']);

/**
 * Declares a Go struct in one text: fields in Go's order, each `Name`, `Name:type` or `Name=jsonKey:type`. A type is
 * `string` (the default), `int`, `bool`, `float`, `any`, the name of a struct in `known`, and `*T`, `[]T` or `{}T` for
 * a pointer, a list or a map.
 */
export function defineStruct(name: string, text: string, known: Readonly<Record<string, StructType>> = {}): StructType {
  const fields = new Map<string, { key: string; type: FieldType }>();
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [head = '', type = 'string'] = word.split(':');
    const [field = '', key = field] = head.split('=');
    fields.set(field, { key, type: parseType(type, known) });
  }
  return { struct: name, fields };
}

function parseType(text: string, known: Readonly<Record<string, StructType>>): FieldType {
  if (text.startsWith('*')) return { pointer: parseType(text.slice(1), known) };
  if (text.startsWith('[]')) return { list: parseType(text.slice(2), known) };
  if (text.startsWith('{}')) return { map: parseType(text.slice(2), known) };
  const struct = known[text];
  if (struct) return struct;
  if (SIMPLE.has(text)) return text as FieldType;
  throw new Error(`unknown type ${text}`);
}
