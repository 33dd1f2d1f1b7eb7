// SPDX-License-Identifier: Apache-2.0
import { bodyOf, operations, reachable, refName, type Schema, type Spec, successOf } from './spec.ts';

/** TypeScript declarations of everything that the typed operations send and receive. */
export function renderTypes(spec: Spec): string {
  const used = operations(spec).filter(({ typed }) => typed);
  const roots = used.flatMap(({ operation }) => [
    bodyOf(operation),
    ...successOf(operation).map(([, schema]) => schema),
  ]);
  const named = reachable(spec, roots).map((name) => declare(name, spec.definitions[name] ?? {}));
  const inline = used.flatMap(({ operation }) => [
    ...inlineType(`${operation.operationId}Request`, bodyOf(operation)),
    ...successOf(operation).flatMap(([, schema]) => inlineType(`${operation.operationId}Answer`, schema)),
  ]);
  return [...named, ...inline].join('\n');
}

/** A declaration for a body that has no name in the specification. */
function inlineType(name: string, schema: Schema | undefined): string[] {
  if (!schema || schema.$ref || schema.type === 'string') return [];
  return [declare(name, schema)];
}

const declare = (name: string, schema: Schema): string => `export type ${name} = ${typeOf(schema)};`;

function typeOf(schema: Schema): string {
  const type = bareType(schema);
  return schema['x-nullable'] ? `${type} | null` : type;
}

function bareType(schema: Schema): string {
  if (schema.$ref) return refName(schema.$ref);
  if (schema.allOf) {
    const own = schema.properties ? [objectType(schema)] : [];
    return [...schema.allOf.map(typeOf), ...own].join(' & ');
  }
  if (schema.enum && schema.type !== 'object') return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'string':
      return schema.type;
    case 'array':
      return `(${typeOf(schema.items ?? {})})[]`.replace(/^\((\w+)\)/, '$1');
    default:
      return objectType(schema);
  }
}

function objectType(schema: Schema): string {
  if (schema.properties) {
    const required = new Set(schema.required);
    const fields = Object.entries(schema.properties).map(
      ([name, value]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}${fieldType(value, required.has(name))}`,
    );
    return `{ ${fields.join('; ')} }`;
  }
  if (typeof schema.additionalProperties === 'object') return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  return schema.type === 'object' ? 'Record<string, unknown>' : 'unknown';
}

const fieldType = (schema: Schema, required: boolean): string =>
  required ? `: ${typeOf(schema)}` : `?: ${typeOf(schema)} | undefined`;
