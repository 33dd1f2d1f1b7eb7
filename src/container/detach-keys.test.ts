// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDetachKeys } from '#container/detach-keys.ts';

test('sequences are lists of characters and control keys', () => {
  const cases: [string, number[]][] = [
    ['', [16, 17]],
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-a', [1]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]],
    ['a,b,Z', [97, 98, 90]],
    ['DEL,\x01', [127, 1]],
  ];
  for (const [text, bytes] of cases) assert.deepEqual([...parseDetachKeys(text)], bytes, text);
});

test('anything else is refused', () => {
  for (const text of ['ctrl-', 'ctrl-1', 'ab', 'a,,b', 'é', 'CTRL-A', 'ctrl-A', 'del', ',']) {
    assert.throws(() => parseDetachKeys(text), { message: `Invalid detach keys (${text}) provided` }, text);
  }
});
