// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFamiliar, referenceError, truncateId } from '#cli/format/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const REFERENCES: [text: string, name: string, tag: string, digest: string][] = [
  ['busybox', 'busybox', '', ''],
  ['busybox:1.36', 'busybox', '1.36', ''],
  ['docker.io/library/busybox:1', 'busybox', '1', ''],
  ['index.docker.io/me/x', 'me/x', '', ''],
  ['me/x:y', 'me/x', 'y', ''],
  ['localhost/x', 'localhost/x', '', ''],
  ['reg.example:5000/a/b:c', 'reg.example:5000/a/b', 'c', ''],
  [`x@${DIGEST}`, 'x', '', DIGEST],
  [`x:t@${DIGEST}`, 'x', 't', DIGEST],
];

for (const [text, name, tag, digest] of REFERENCES) {
  test(`${text} is shown as ${name}`, () => {
    assert.deepEqual(parseFamiliar(text), { name, tag, digest });
  });
}

for (const text of ['', 'Upper', 'a b', ':x', 'a:', 'a//b', '-a', 'a@sha256:12', 'f'.repeat(64)]) {
  test(`${JSON.stringify(text.slice(0, 12))} names no repository`, () => {
    assert.equal(parseFamiliar(text), undefined);
  });
}

test('capital letters are named as what is wrong', () => {
  assert.match(referenceError('Busybox:X').message, /repository name \(library\/Busybox\) must be lowercase/);
  assert.equal(referenceError('a b').message, 'invalid reference format');
});

test('IDs are cut to twelve digits, without the algorithm', () => {
  assert.equal(truncateId(DIGEST), 'a'.repeat(12));
  assert.equal(truncateId('<missing>'), '<missing>');
});
