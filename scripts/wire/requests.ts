// SPDX-License-Identifier: Apache-2.0
import { bodyOf, operations, reachable, refName, type Schema, type Spec } from './spec.ts';

/**
 * The compact form that `src/wire/decode.ts` reads: `string`, `bool`, `int64`, … for scalars, `@Name` for a definition,
 * `['list', shape]`, `['map', shape]`, `['set']` for a map whose values say nothing, and an object for a structure, whose
 * field `&` lists the definitions that it includes.
 */
export type Shape = string | ['list' | 'map' | 'set', Shape?] | { [field: string]: Shape | string[] };

/** Fields that the specification leaves out because only older versions of the API, or only clients, have them. */
const MORE_FIELDS: Record<string, Record<string, Shape>> = {
  ContainerConfig: { MacAddress: 'string', ArgsEscaped: 'bool' },
  HostConfig: { Capabilities: ['list', 'string'], Cgroup: 'string', Links: ['list', 'string'] },
  Resources: { KernelMemory: 'int64', KernelMemoryTCP: 'int64' },
  AuthConfig: { auth: 'string', email: 'string', identitytoken: 'string', registrytoken: 'string' },
};

/** Fields that Docker takes as one string or as a list of them. */
const STRING_OR_LIST = new Set(['ContainerConfig.Cmd', 'ContainerConfig.Entrypoint']);

export interface RequestShapes {
  definitions: Record<string, Shape>;
  bodies: Record<string, Shape>;
}

export function requestShapes(spec: Spec): RequestShapes {
  const typed = operations(spec).filter(({ operation, typed }) => typed && isJson(bodyOf(operation)));
  const roots = typed.map(({ operation }) => bodyOf(operation));
  const definitions = reachable(spec, roots).map((name) => [name, shapeOf(spec.definitions[name] ?? {}, name)]);
  const bodies = typed.map(({ key, operation }) => [key, shapeOf(bodyOf(operation) ?? {}, '')]);
  return { definitions: Object.fromEntries(definitions), bodies: Object.fromEntries(bodies) };
}

const isJson = (body: Schema | undefined): boolean => body !== undefined && body.type !== 'string';

function shapeOf(schema: Schema, path: string): Shape {
  if (schema.$ref) return `@${refName(schema.$ref)}`;
  if (schema.allOf) return inclusion(schema.allOf, path);
  if (STRING_OR_LIST.has(path)) return 'strings';
  switch (schema.type) {
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'number';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'array':
      return ['list', shapeOf(schema.items ?? {}, '')];
    default:
      return objectShape(schema, path);
  }
}

/** `allOf`: an annotated reference, or a structure that includes others. */
function inclusion(members: Schema[], path: string): Shape {
  const included = members.flatMap(({ $ref }) => ($ref ? [refName($ref)] : []));
  const own = members.filter(({ $ref, properties }) => !$ref && properties);
  const [only, ...others] = included;
  if (only && others.length === 0 && own.length === 0 && !MORE_FIELDS[path]) return `@${only}`;
  return Object.assign({ '&': included }, ...own.map((member) => objectShape(member, path)), MORE_FIELDS[path]);
}

function objectShape({ properties, additionalProperties: rest }: Schema, path: string): Shape {
  if (properties) {
    const fields = Object.entries(properties).map(([name, value]) => [name, shapeOf(value, `${path}.${name}`)]);
    return { ...Object.fromEntries(fields), ...MORE_FIELDS[path] };
  }
  if (typeof rest !== 'object') return 'any';
  const isSet = rest.type === 'object' && !rest.properties && !rest.additionalProperties;
  return isSet ? ['set'] : ['map', shapeOf(rest, '')];
}
