// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockRoot } from '#daemon/root-lock.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hoy-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What another process says when it tries to take the lock. */
function tryFromElsewhere(root: string): string {
  const program = `const { lockRoot } = await import('#daemon/root-lock.ts'); lockRoot(process.argv[1], 0o711); console.log('taken')`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', program, root], { encoding: 'utf8' });
  return result.stdout + result.stderr;
}

test('a second process is kept out as long as the first holds the root, and not longer', () => {
  const root = join(directory, 'root');
  {
    using _lock = lockRoot(root, 0o710);
    assert.match(tryFromElsewhere(root), /root is in use by another hoyd/);
  }
  assert.match(tryFromElsewhere(root), /^taken/);
});

test('the directory is made with the mode it must have, also when it was there with another', () => {
  const root = join(directory, 'a', 'b');
  for (const mode of [0o711, 0o710]) {
    using _lock = lockRoot(root, mode);
    assert.equal(statSync(root).mode & 0o777, mode);
  }
});
