// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { STATUS } from '#api/status.ts';

const ROOT = new URL('../../', import.meta.url);

test('docs/api-coverage.md is current: run "node scripts/api-coverage.ts" if it is not', async () => {
  // The URL keeps the type checker from resolving a path that leaves this folder.
  const { COVERAGE_PAGE, renderCoverage } = await import(new URL('scripts/api-coverage.ts', ROOT).href);
  assert.equal(readFileSync(COVERAGE_PAGE, 'utf8'), renderCoverage());
});

test('every operation of the specification has an answer of its own', () => {
  const page = readFileSync(new URL('docs/api-coverage.md', ROOT), 'utf8');
  assert.doesNotMatch(page, /page not found/);
  assert.match(page, /\| `POST \/containers\/create` \| .* \| served \|/);
});

test('docs/errors.md has every error code with its status, and no other', () => {
  const page = readFileSync(new URL('docs/errors.md', ROOT), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
  assert.deepEqual(Object.fromEntries(documented), STATUS);
});
