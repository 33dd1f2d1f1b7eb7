// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startWriteback } from '#linux/writeback.ts';

test('writing back is begun for a file, and refused for what is none', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-writeback-'));
  try {
    const fd = openSync(join(directory, 'f'), 'w');
    writeSync(fd, 'hello');
    startWriteback(fd, 0, 0);
    startWriteback(fd, 1, 2);
    closeSync(fd);
    assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'hello');
    assert.throws(() => startWriteback(fd, 0, 0), { code: 'EBADF' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
