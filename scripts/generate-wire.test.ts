// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactJson } from './generate-wire.ts';
import { requestShapes } from './wire/requests.ts';
import { responseSchemas } from './wire/responses.ts';
import type { Spec } from './wire/spec.ts';
import { renderTypes } from './wire/types.ts';

/** A specification as small as it can be and still have what Docker's has. */
const spec: Spec = {
  definitions: {
    Base: { type: 'object', properties: { Size: { type: 'integer', format: 'int64' } } },
    Kind: { type: 'string', enum: ['a', 'b'] },
    ContainerConfig: {
      allOf: [
        { $ref: '#/definitions/Base' },
        {
          type: 'object',
          required: ['Kind'],
          properties: {
            Kind: { allOf: [{ $ref: '#/definitions/Kind' }] },
            Labels: { type: 'object', 'x-nullable': true, additionalProperties: { type: 'string' } },
            Ports: { type: 'object', additionalProperties: { type: 'object' } },
            Env: { type: 'array', items: { type: 'string' } },
          },
        },
      ],
    },
    Unused: { type: 'object' },
  },
  paths: {
    '/things/{id}': {
      post: {
        operationId: 'ThingMake',
        summary: 'Make',
        tags: ['Container'],
        parameters: [{ in: 'body', name: 'body', schema: { $ref: '#/definitions/ContainerConfig' } }],
        responses: {
          200: { schema: { type: 'array', items: { $ref: '#/definitions/ContainerConfig' } } },
          204: {},
        },
      },
    },
    '/swarm': { get: { operationId: 'SwarmGet', summary: 'Swarm', tags: ['Swarm'], responses: { 200: {} } } },
  },
};

test('request shapes include what they extend, and know the fields of older versions', () => {
  assert.deepEqual(requestShapes(spec), {
    definitions: {
      Base: { Size: 'int64' },
      Kind: 'string',
      ContainerConfig: {
        '&': ['Base'],
        Kind: '@Kind',
        Labels: ['map', 'string'],
        Ports: ['set'],
        Env: ['list', 'string'],
        MacAddress: 'string',
        ArgsEscaped: 'bool',
      },
    },
    bodies: { 'POST /things/{id}': '@ContainerConfig' },
  });
});

test('response schemas are flat, and say where null may be', () => {
  const { definitions, operations } = responseSchemas(spec);
  assert.deepEqual(definitions.ContainerConfig, {
    type: 'object',
    properties: {
      Size: { type: 'integer' },
      Kind: { $ref: '#/definitions/Kind' },
      Labels: { type: ['object', 'null'], additionalProperties: { type: 'string' } },
      Ports: { type: 'object', additionalProperties: { type: 'object' } },
      Env: { type: 'array', items: { type: 'string' } },
    },
    required: ['Kind'],
  });
  assert.deepEqual(Object.keys(definitions), ['Base', 'Kind', 'ContainerConfig']);
  assert.deepEqual(operations, {
    'POST /things/{id}': { 200: { type: 'array', items: { $ref: '#/definitions/ContainerConfig' } }, 204: null },
  });
});

test('types are written for what the served operations use', () => {
  const lines = renderTypes(spec).split('\n');
  assert.ok(lines.includes('export type Kind = "a" | "b";'));
  assert.ok(lines.includes('export type ThingMakeAnswer = ContainerConfig[];'));
  const config = lines.find((line) => line.startsWith('export type ContainerConfig')) ?? '';
  assert.match(config, /= Base & \{ Kind: Kind; Labels\?: Record<string, string> \| null \| undefined;/);
  assert.doesNotMatch(renderTypes(spec), /Unused|Swarm/);
});

test('generated JSON has a line for each entry', () => {
  assert.equal(compactJson({ a: { b: [1, 2] }, c: {} }, 2), '{\n"a": {\n"b": [1,2]\n},\n"c": {\n\n}\n}');
});
