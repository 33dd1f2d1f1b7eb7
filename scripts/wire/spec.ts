// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The part of a Swagger 2.0 schema object that Docker's specification uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: (string | number | null)[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  'x-nullable'?: boolean;
}

export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: { in: string; name: string; schema?: Schema }[];
  responses: Record<string, { schema?: Schema }>;
}

export interface Spec {
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, Operation>>;
}

/** Resources that Hoy answers or will answer; the rest (swarm, plugins) is listed as uncovered but needs no types. */
const TAGS = new Set(['Container', 'Image', 'System', 'Exec', 'Network', 'Volume', 'Distribution']);

export const readSpec = (path: string): Spec => parse(readFileSync(path, 'utf8')) as Spec;

/** Every operation as `METHOD /path`. */
export function operations(spec: Spec): { key: string; operation: Operation; typed: boolean }[] {
  return Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      key: `${method.toUpperCase()} ${path}`,
      operation,
      typed: operation.tags.some((tag) => TAGS.has(tag)),
    })),
  );
}

export const refName = (ref: string): string => ref.replace('#/definitions/', '');

/** One schema for an `allOf`: its members' properties side by side. */
export function flatten(spec: Spec, schema: Schema): Schema {
  if (!schema.allOf) return schema;
  const merged: Schema = { ...schema, type: 'object', properties: { ...schema.properties } };
  delete merged.allOf;
  for (const member of schema.allOf) {
    const part = flatten(spec, member.$ref ? lookUp(spec, member.$ref) : member);
    Object.assign(merged.properties ?? {}, part.properties);
    merged.required = [...(merged.required ?? []), ...(part.required ?? [])];
  }
  return merged;
}

export function lookUp(spec: Spec, ref: string): Schema {
  const found = spec.definitions[refName(ref)];
  if (!found) throw new Error(`the specification has no definition ${ref}`);
  return found;
}

/** Names of all definitions that the roots mention, directly or through others, in the specification's order. */
export function reachable(spec: Spec, roots: readonly (Schema | undefined)[]): string[] {
  const seen = new Set<string>();
  const visit = (schema: Schema | undefined): void => {
    if (!schema) return;
    if (schema.$ref) {
      const name = refName(schema.$ref);
      if (seen.has(name)) return;
      seen.add(name);
      visit(lookUp(spec, schema.$ref));
    }
    visit(schema.items);
    if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties);
    for (const member of schema.allOf ?? []) visit(member);
    for (const property of Object.values(schema.properties ?? {})) visit(property);
  };
  for (const root of roots) visit(root);
  return Object.keys(spec.definitions).filter((name) => seen.has(name));
}

export const bodyOf = (operation: Operation): Schema | undefined =>
  operation.parameters?.find((parameter) => parameter.in === 'body')?.schema;

/** Schemas of the answers that mean success. */
export const successOf = (operation: Operation): [status: string, schema: Schema | undefined][] =>
  Object.entries(operation.responses)
    .filter(([status]) => Number(status) < 400)
    .map(([status, response]) => [status, response.schema]);
