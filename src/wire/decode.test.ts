// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEngineError } from '#core/errors.ts';
import { decodeBody } from './decode.ts';
import type { ContainerCreateRequest } from './types.gen.ts';

const create = (value: unknown) => decodeBody<ContainerCreateRequest>('POST /containers/create', value);

/** Compares without regard to prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('keys match without regard to case and come back in the specification’s spelling', () => {
  assert.deepEqual(plain(create({ image: 'a', HOSTCONFIG: { memory: 7, nanoCPUs: 5 } })), {
    Image: 'a',
    HostConfig: { Memory: 7, NanoCpus: 5 },
  });
});

test('null means absent, and an unknown field means nothing', () => {
  const decoded = create({ Image: 'a', Volumes: null, HostConfig: null, Cmd: null, Surprise: { deep: [1] } });
  assert.deepEqual(plain(decoded), { Image: 'a' });
});

test('a body that is null is an empty one', () => {
  assert.deepEqual(plain(create(null)), {});
});

test('null inside a list or a map is the zero value of what belongs there', () => {
  const decoded = create({ Env: ['A=1', null], HostConfig: { PortBindings: { '80/tcp': null }, Mounts: [null] } });
  assert.deepEqual(plain(decoded), { Env: ['A=1', ''], HostConfig: { PortBindings: { '80/tcp': [] }, Mounts: [{}] } });
});

test('a command may be one string, as old clients send it', () => {
  assert.deepEqual(plain(create({ Cmd: 'true', Entrypoint: ['a', 'b'] })), { Cmd: ['true'], Entrypoint: ['a', 'b'] });
});

test('fields of earlier versions of the API are kept', () => {
  const decoded = create({ MacAddress: '02:00:00:00:00:01', HostConfig: { KernelMemory: 1, Capabilities: ['X'] } });
  assert.deepEqual(plain(decoded), {
    MacAddress: '02:00:00:00:00:01',
    HostConfig: { KernelMemory: 1, Capabilities: ['X'] },
  });
});

const WRONG: [unknown, string][] = [
  [[], 'invalid JSON: cannot use array as the request body of type object'],
  ['x', 'invalid JSON: cannot use string as the request body of type object'],
  [{ Tty: 'yes' }, 'invalid JSON: cannot use string as field Tty of type bool'],
  [{ Env: 'A=1' }, 'invalid JSON: cannot use string as field Env of type list'],
  [{ Env: [1] }, 'invalid JSON: cannot use number 1 as field Env[0] of type string'],
  [{ Labels: ['a'] }, 'invalid JSON: cannot use array as field Labels of type map'],
  [{ Labels: { a: 1 } }, 'invalid JSON: cannot use number 1 as field Labels.a of type string'],
  [{ HostConfig: { Memory: 1.5 } }, 'invalid JSON: cannot use number 1.5 as field HostConfig.Memory of type int64'],
  [{ HostConfig: { Memory: 1e30 } }, 'invalid JSON: cannot use number 1e+30 as field HostConfig.Memory of type int64'],
  [
    { HostConfig: { Mounts: [{ Type: 1 }] } },
    'invalid JSON: cannot use number 1 as field HostConfig.Mounts[0].Type of type string',
  ],
  [{ HostConfig: [] }, 'invalid JSON: cannot use array as field HostConfig of type object'],
];

for (const [value, message] of WRONG) {
  test(`refuses ${JSON.stringify(value)}`, () => {
    assert.throws(() => create(value), { code: 'invalid-parameter', message });
  });
}

test('a key that means something to JavaScript is a key like any other', () => {
  const labels = JSON.parse('{"Labels": {"__proto__": "x", "constructor": "y"}, "__proto__": {"Tty": true}}');
  const decoded = create(labels);
  assert.equal(Object.getPrototypeOf(decoded.Labels), null);
  assert.deepEqual(Object.keys(decoded.Labels ?? {}), ['__proto__', 'constructor']);
  assert.equal(decoded.Tty, undefined);
  assert.equal(({} as { Tty?: boolean }).Tty, undefined);
});

test('whatever JSON arrives is either decoded or refused as the caller’s mistake', () => {
  fc.assert(
    fc.property(fc.object({ key: fc.constantFrom('Image', 'Env', 'HostConfig', 'Mounts', 'Labels', 'x') }), (value) => {
      try {
        create(value);
      } catch (error) {
        assert.ok(isEngineError(error, 'invalid-parameter'), String(error));
      }
    }),
  );
});
