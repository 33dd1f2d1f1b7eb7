// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkContainerName, randomName } from '#container/names.ts';
import { isEngineError } from '#core/errors.ts';

test('names that Docker accepts are accepted', () => {
  for (const name of ['web', 'a1', '0_0', 'A.b-c_d', `x${'y'.repeat(200)}`]) checkContainerName(name);
});

test('a bad name is refused with the words that Docker uses', () => {
  for (const name of ['', 'a', '/web', '-web', '_web', '.web', 'we b', 'wéb', 'web/x', 'web\n', 'a$(id)']) {
    assert.throws(
      () => checkContainerName(name),
      (error) =>
        isEngineError(error, 'invalid-parameter') &&
        error.message === `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
});

test('a random name is valid and has two words', () => {
  for (let i = 0; i < 500; i++) {
    const name = randomName(() => false);
    checkContainerName(name);
    assert.match(name, /^[a-z]+_[a-z]+$/);
  }
});

test('a random name is none that is taken, however many are', () => {
  const taken = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const name = randomName((candidate) => taken.has(candidate));
    assert.ok(!taken.has(name));
    checkContainerName(name);
    taken.add(name);
  }
});
