// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineId } from '#daemon/engine-id.ts';

test('the identity is made once, and again when its file was damaged', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-id-'));
  try {
    const path = join(directory, 'engine-id');
    const first = engineId(path);
    assert.match(first, /^[0-9a-f-]{36}$/);
    assert.equal(engineId(path), first);
    writeFileSync(path, '');
    assert.notEqual(engineId(path), first);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
