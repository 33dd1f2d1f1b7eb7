// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { sealedCopy } from '#linux/sealed-file.ts';

test('a sealed copy can be executed, but not changed', (t) => {
  const file = sealedCopy('/bin/echo');
  t.after(() => closeSync(file));
  assert.equal(execFileSync(`/proc/${process.pid}/fd/${file}`, ['hello'], { encoding: 'utf8' }), 'hello\n');
  assert.throws(() => writeSync(file, 'x', 0), { code: 'EPERM' });
  assert.throws(() => ftruncateSync(file, 0), { code: 'EPERM' });
});

test('what is not there cannot be copied', () => {
  assert.throws(() => sealedCopy('/no/such/program'), { code: 'ENOENT' });
});
