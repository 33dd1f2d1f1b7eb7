// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { parseJson, readJsonLines } from '#client/json.ts';

test('an integer too long for a number is kept to the last digit', () => {
  assert.deepEqual(parseJson('{"timeNano":1790000000123456789,"small":12,"text":"1790000000123456789"}'), {
    timeNano: 1790000000123456789n,
    small: 12,
    text: '1790000000123456789',
  });
  assert.equal(parseJson('1e300'), 1e300);
  assert.equal(parseJson('0.12345678901234567'), Number('0.12345678901234567'));
});

test('documents of a stream are read one by one, however it is cut', async () => {
  const text = '{"a":"ä"}\r\n\n{"b":2}\n{"c":3}';
  for (const size of [1, 2, 5, 100]) {
    const bytes = Buffer.from(text);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    const found = await Array.fromAsync(readJsonLines(Readable.from(chunks, { objectMode: false })));
    assert.deepEqual(found, [{ a: 'ä' }, { b: 2 }, { c: 3 }]);
  }
});
