// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  parseRepositoryAndTag,
  parseTag,
  withDefaultTag,
} from '#oci/reference.ts';

const HEX = 'a'.repeat(64);

const GOOD: [text: string, full: string, familiar: string][] = [
  ['busybox', 'docker.io/library/busybox', 'busybox'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
  ['docker.io/library/busybox', 'docker.io/library/busybox', 'busybox'],
  ['hoy/busybox', 'docker.io/hoy/busybox', 'hoy/busybox'],
  ['library/a/b', 'docker.io/library/a/b', 'library/a/b'],
  ['localhost/a', 'localhost/a', 'localhost/a'],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b:c', 'localhost:5000/a/b:c'],
  ['Quay.io/a', 'Quay.io/a', 'Quay.io/a'],
  ['UPPER/a', 'UPPER/a', 'UPPER/a'],
  ['[::1]:5000/a', '[::1]:5000/a', '[::1]:5000/a'],
  ['a__b', 'docker.io/library/a__b', 'a__b'],
  ['a---b.c_d', 'docker.io/library/a---b.c_d', 'a---b.c_d'],
  [`a@sha256:${HEX}`, `docker.io/library/a@sha256:${HEX}`, `a@sha256:${HEX}`],
  [`r.io/a:t@sha256:${HEX}`, `r.io/a:t@sha256:${HEX}`, `r.io/a:t@sha256:${HEX}`],
  ['a:_-.', 'docker.io/library/a:_-.', 'a:_-.'],
];

for (const [text, full, familiar] of GOOD) {
  test(`${text} is ${full} in full and ${familiar} for people`, () => {
    const reference = parseReference(text);
    assert.equal(formatReference(reference), full);
    assert.equal(familiarReference(reference), familiar);
    assert.deepEqual(parseReference(full), reference);
  });
}

const BAD: [text: string, message: string][] = [
  ['', 'invalid reference format'],
  [':', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  ['a@', 'invalid reference format'],
  ['-a', 'invalid reference format'],
  ['a-', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a___b', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['a\n', 'invalid reference format'],
  ['../a', 'invalid reference format'],
  [`a:${'t'.repeat(129)}`, 'invalid reference format'],
  ['http://a/b', 'invalid reference format'],
  ['Busybox', 'invalid reference format: repository name (library/Busybox) must be lowercase'],
  ['docker.io/Foo:a', 'invalid reference format: repository name (library/Foo) must be lowercase'],
  [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
  ['a@sha256:abcd', 'invalid reference format'],
  [`a@sha256:${HEX}aa`, 'invalid reference format: invalid checksum digest length'],
  [`a@md5:${'a'.repeat(32)}`, 'invalid reference format: unsupported digest algorithm'],
  ['a'.repeat(256), 'invalid reference format: repository name must not be more than 255 characters'],
  ['a'.repeat(100_000), 'invalid reference format'],
];

for (const [text, message] of BAD) {
  test(`${JSON.stringify(text.slice(0, 80))} is refused in Docker's words`, () => {
    assert.throws(() => parseReference(text), { code: 'invalid-parameter', message });
  });
}

test('no text makes the parser do anything but answer or refuse, and what it accepts it writes back the same', () => {
  const character = fc.constantFrom(...'ab01./:@_-[]AZ', 'sha256:', 'localhost', HEX);
  fc.assert(
    fc.property(fc.array(character, { maxLength: 12 }), (parts) => {
      try {
        const reference = parseReference(parts.join(''));
        assert.deepEqual(parseReference(formatReference(reference)), reference);
        assert.deepEqual(parseReference(familiarReference(reference)), reference);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid-parameter', `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});

test('latest is added only where neither tag nor digest is', () => {
  assert.equal(familiarReference(withDefaultTag(parseReference('a'))), 'a:latest');
  assert.equal(familiarReference(withDefaultTag(parseReference('a:b'))), 'a:b');
  assert.equal(familiarReference(withDefaultTag(parseReference(`a@sha256:${HEX}`))), `a@sha256:${HEX}`);
  assert.equal(familiarName(parseReference('docker.io/x/y:z')), 'x/y');
});

test('repository and tag that come apart are checked together', () => {
  assert.equal(formatReference(parseRepositoryAndTag('a', '')), 'docker.io/library/a:latest');
  assert.equal(formatReference(parseRepositoryAndTag('a:x', 'y')), 'docker.io/library/a:y');
  assert.throws(() => parseRepositoryAndTag(`a@sha256:${HEX}`, ''), /refusing to create a tag with a digest reference/);
  assert.throws(() => parseTag('a/b'), { message: 'invalid tag format' });
});
