// SPDX-License-Identifier: Apache-2.0
import { flatten, operations, reachable, type Schema, type Spec } from './spec.ts';

type JsonSchema = Record<string, unknown>;

export interface ResponseSchemas {
  definitions: Record<string, JsonSchema>;
  /** `METHOD /path` to status to the body's schema; null where there is none. */
  operations: Record<string, Record<string, JsonSchema | null>>;
}

/** JSON Schema (draft 7) of what each typed operation answers. */
export function responseSchemas(spec: Spec): ResponseSchemas {
  const typed = operations(spec).filter(({ typed }) => typed);
  const roots = typed.flatMap(({ operation }) => Object.values(operation.responses).map(({ schema }) => schema));
  const definitions = reachable(spec, roots).map((name) => [name, convert(spec, spec.definitions[name] ?? {})]);
  const answers = typed.map(({ key, operation }) => [
    key,
    Object.fromEntries(
      Object.entries(operation.responses).map(([status, { schema }]) => [
        status,
        schema ? convert(spec, schema) : null,
      ]),
    ),
  ]);
  return { definitions: Object.fromEntries(definitions), operations: Object.fromEntries(answers) };
}

/** Every operation of the specification with what it is for and which statuses mean success. */
export const operationTable = (spec: Spec): [key: string, summary: string, tag: string][] =>
  operations(spec).map(({ key, operation }) => [key, operation.summary, operation.tags[0] ?? '']);

function convert(spec: Spec, given: Schema): JsonSchema {
  const reference = given.$ref ?? onlyReference(given);
  if (reference) return nullable(given, { $ref: reference });
  const schema = flatten(spec, given);
  const converted: JsonSchema = {};
  if (schema.type) converted.type = schema['x-nullable'] ? [schema.type, 'null'] : schema.type;
  if (schema.format === 'dateTime' || schema.format === 'date-time') converted.format = 'date-time';
  if (schema.enum && schema.type !== 'object') {
    converted.enum = schema['x-nullable'] ? [...schema.enum, null] : schema.enum;
  }
  for (const limit of ['minimum', 'maximum', 'minItems', 'maxItems'] as const) {
    if (schema[limit] !== undefined) converted[limit] = schema[limit];
  }
  if (schema.items) converted.items = convert(spec, schema.items);
  if (schema.properties) converted.properties = convertAll(spec, schema.properties);
  if (schema.required?.length) converted.required = [...new Set(schema.required)];
  if (typeof schema.additionalProperties === 'object') {
    converted.additionalProperties = convert(spec, schema.additionalProperties);
  }
  return converted;
}

/** An `allOf` that only gives a reference a description. */
function onlyReference({ allOf: members = [], properties: own }: Schema): string | undefined {
  if (own) return undefined;
  const [first, ...others] = members.filter(({ $ref, properties }) => $ref || properties);
  return others.length === 0 ? first?.$ref : undefined;
}

const nullable = (schema: Schema, reference: JsonSchema): JsonSchema =>
  schema['x-nullable'] ? { anyOf: [reference, { type: 'null' }] } : reference;

const convertAll = (spec: Spec, properties: Record<string, Schema>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, convert(spec, value)]));
