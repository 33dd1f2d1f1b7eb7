// SPDX-License-Identifier: Apache-2.0

/**
 * What templates work on. Docker's client hands Go values to its templates, and how those print depends on their types:
 * an absent list prints `[]`, an absent map `map[]`, a nil pointer `<nil>`. JSON has lost that, so types are declared
 * beside it (`shapes/`). Without a type, a value is what it is in JSON.
 */
export type FieldType =
  | 'string'
  | 'int'
  | 'float'
  | 'bool'
  | 'any'
  | { list: FieldType }
  | { map: FieldType }
  | { pointer: FieldType }
  | StructType;

export interface StructType {
  /** As Go names it in messages: `container.State`. */
  struct: string;
  /** Go field name to its type and its key in JSON, in Go's order. */
  fields: ReadonlyMap<string, { key: string; type: FieldType }>;
  /** What it prints as, where Go's type says so itself (`String()`). */
  toText?: (raw: Readonly<Record<string, unknown>>) => string;
}

/** JSON that is read as a Go struct. */
export class Struct {
  readonly type: StructType;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly isPointer: boolean;

  constructor(type: StructType, raw: Readonly<Record<string, unknown>>, isPointer = false) {
    this.type = type;
    this.raw = raw;
    this.isPointer = isPointer;
  }

  has(name: string): boolean {
    return this.type.fields.has(name);
  }

  get(name: string): unknown {
    const field = this.type.fields.get(name);
    return field && typed(this.raw[field.key], field.type);
  }
}

/** A map whose values have one type; absent keys give its zero value to `index`. */
export class TypedMap {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly element: FieldType;
  readonly isNil: boolean;

  constructor(raw: Readonly<Record<string, unknown>> | null | undefined, element: FieldType) {
    this.raw = raw ?? {};
    this.element = element;
    this.isNil = raw === null || raw === undefined;
  }

  get(key: string): unknown {
    return typed(this.raw[key], this.element);
  }
}

/** A list whose elements have one type. */
export class TypedList {
  readonly items: readonly unknown[];
  readonly element: FieldType;
  readonly isNil: boolean;

  constructor(raw: readonly unknown[] | null | undefined, element: FieldType) {
    this.items = (raw ?? []).map((item) => typed(item, element));
    this.element = element;
    this.isNil = raw === null || raw === undefined;
  }
}

/** A pointer that points nowhere. */
export class NilPointer {
  readonly type: FieldType;

  constructor(type: FieldType) {
    this.type = type;
  }
}

/** One line of a table: a value for each column, and `Label "key"` where Docker has it. */
export class Row {
  /** As Go names it in messages: `*formatter.ContainerContext`. */
  readonly typeName: string;
  readonly columns: Readonly<Record<string, () => unknown>>;
  readonly methods: Readonly<Record<string, (argument: string) => string>>;

  constructor(
    typeName: string,
    columns: Readonly<Record<string, () => unknown>>,
    methods: Readonly<Record<string, (argument: string) => string>> = {},
  ) {
    this.typeName = typeName;
    this.columns = columns;
    this.methods = methods;
  }
}

/** Reads JSON as a value of a Go type; absent and null become the type's zero value. */
export function typed(raw: unknown, type: FieldType): unknown {
  if (typeof type === 'object') return typedComposite(raw, type);
  if (raw !== null && raw !== undefined) return raw;
  switch (type) {
    case 'string':
      return '';
    case 'int':
    case 'float':
      return 0;
    case 'bool':
      return false;
    case 'any':
      return raw;
  }
}

function typedComposite(raw: unknown, type: Exclude<FieldType, string>): unknown {
  if ('list' in type) return Array.isArray(raw) || raw == null ? new TypedList(raw, type.list) : raw;
  if ('map' in type) return isRecord(raw) || raw == null ? new TypedMap(raw, type.map) : raw;
  if ('pointer' in type) {
    if (raw === null || raw === undefined) return new NilPointer(type.pointer);
    if (typeof type.pointer === 'object' && 'struct' in type.pointer && isRecord(raw)) {
      return new Struct(type.pointer, raw, true);
    }
    return typed(raw, type.pointer);
  }
  return isRecord(raw) || raw == null ? new Struct(type, raw ?? {}) : raw;
}

/** A plain JSON object: a Go `map[string]any`. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The name of a type in messages. */
export function typeName(type: FieldType): string {
  if (typeof type === 'string') return type === 'any' ? 'interface {}' : type === 'float' ? 'float64' : type;
  if ('list' in type) return `[]${typeName(type.list)}`;
  if ('map' in type) return `map[string]${typeName(type.map)}`;
  if ('pointer' in type) return `*${typeName(type.pointer)}`;
  return type.struct;
}

/** The name of a value's type in messages. */
export function typeNameOf(value: unknown): string {
  if (value instanceof Struct) return `${value.isPointer ? '*' : ''}${value.type.struct}`;
  if (value instanceof TypedMap) return typeName({ map: value.element });
  if (value instanceof TypedList) return typeName({ list: value.element });
  if (value instanceof NilPointer) return `*${typeName(value.type)}`;
  if (value instanceof Row) return value.typeName;
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'boolean') return 'bool';
  return value === null || value === undefined ? 'nil' : 'string';
}
