// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import responses from '#wire/responses.gen.json' with { type: 'json' };

type JsonSchema = Record<string, unknown>;

/**
 * Fields that Docker's daemon answers and its specification forgets, and lists that are null in Go when they are empty;
 * clients have come to rely on them.
 */
const ALSO_ALLOWED: Record<string, Record<string, JsonSchema>> = {
  HostConfig: {
    Links: { type: ['array', 'null'] },
    Cgroup: { type: 'string' },
    ConsoleSize: { type: 'array' },
  },
  ContainerConfig: { ArgsEscaped: { type: 'boolean' } },
  SystemInfo: { CgroupVersion: { type: 'string' }, NEventsListener: { type: 'integer' } },
  // What 1.52 took away and still answers to those who don't ask for the newer form.
  'GET /system/df': { LayersSize: {}, Images: {}, Containers: {}, Volumes: {}, BuildCache: {} },
};

/** Fields that may be null although the specification does not say so: what Go makes of an empty list or map. */
const MAY_BE_NULL = new Set([
  'Args',
  'Aliases',
  'Binds',
  'BlkioWeightDevice',
  'CapAdd',
  'CapDrop',
  'Cmd',
  'DeviceCgroupRules',
  'DeviceRequests',
  'DNSNames',
  'Dns',
  'DriverOpts',
  'Entrypoint',
  'Env',
  'ExecIDs',
  'ExitCode',
  'ExtraHosts',
  'GenericResources',
  'GroupAdd',
  'IPAMConfig',
  'Labels',
  'Links',
  'MaskedPaths',
  'MemorySwappiness',
  'OnBuild',
  'Options',
  'Authorization',
  'ReadonlyPaths',
  'SecurityOpt',
  'Tags',
  'Volumes',
  'VolumesFrom',
  'Warnings',
  'CDISpecDirs',
  'Ulimits',
  'io_service_bytes_recursive',
  'io_serviced_recursive',
]);

/** Fields that the specification demands and Docker's daemon has no such field for. */
const NOT_DEMANDED = new Set(['UnpackedSize']);

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const ajv = new Ajv({ allErrors: true, strict: false, formats: { 'date-time': DATE_TIME } });
for (const [name, schema] of Object.entries(responses.definitions)) {
  ajv.addSchema(strict(schema, name) as JsonSchema, `#/definitions/${name}`);
}

const validators = new Map<string, ValidateFunction>();

/**
 * Fails unless `body` (parsed JSON, or text for an answer that is none) is what the API specification promises for this
 * status. `path` is that of the request, without version and query: `/containers/c0ffee/json`. Answers of the newest
 * version only: older ones have other shapes.
 */
export function assertContract(method: string, path: string, status: number, body: unknown): void {
  const operation = findOperation(method, path);
  const answers = (responses.operations as Record<string, Record<string, JsonSchema | null>>)[operation] ?? {};
  if (status >= 400) {
    assertError(operation, body);
    return;
  }
  const schema = answers[String(status)];
  assert.ok(schema !== undefined, `${operation} may not answer ${status}, only ${Object.keys(answers).join(', ')}`);
  if (schema === null || schema.type === 'string') return;
  const validate = validatorFor(operation, status, schema);
  assert.ok(validate(body), `${operation} ${status}: ${ajv.errorsText(validate.errors, { dataVar: 'answer' })}`);
}

/** Every error is `{"message": …}` and nothing else, whatever the status. */
function assertError(operation: string, body: unknown): void {
  assert.equal(typeof (body as { message?: unknown } | null)?.message, 'string', `${operation}: error without message`);
  assert.deepEqual(Object.keys(body as object), ['message'], `${operation}: error with more than a message`);
}

function validatorFor(operation: string, status: number, schema: JsonSchema): ValidateFunction {
  const key = `${operation} ${status}`;
  const known = validators.get(key);
  if (known) return known;
  const compiled = ajv.compile(strict(schema, operation) as JsonSchema);
  validators.set(key, compiled);
  return compiled;
}

/** The operation whose path fits; fixed paths before those with parameters. */
export function findOperation(method: string, path: string): string {
  const wanted = `${method.toUpperCase()} `;
  const candidates = Object.keys(responses.operations)
    .filter((key) => key.startsWith(wanted))
    .sort((a, b) => a.split('{').length - b.split('{').length);
  const found = candidates.find((key) => patternOf(key.slice(wanted.length)).test(path));
  assert.ok(found, `the specification has no ${method} ${path}`);
  return found;
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\{(\w+)\}/g, (_whole, name) => (name === 'name' ? '.+' : '[^/]+'))}$`);

/** Forbids fields that the specification does not have, so that a misspelt one is found. */
function strict(schema: unknown, name = ''): unknown {
  if (Array.isArray(schema)) return schema.map((item) => strict(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const properties = (schema as { properties?: Record<string, JsonSchema> }).properties;
  if (!properties) return copy;
  const fields = Object.entries({ ...properties, ...ALSO_ALLOWED[name] }).map(([key, value]) => {
    const inner = strict(value) as JsonSchema;
    return [key, MAY_BE_NULL.has(key) ? { anyOf: [inner, { type: 'null' }] } : inner];
  });
  const required = ((copy.required ?? []) as string[]).filter((field) => !NOT_DEMANDED.has(field));
  return { ...copy, required, properties: Object.fromEntries(fields), additionalProperties: false };
}
