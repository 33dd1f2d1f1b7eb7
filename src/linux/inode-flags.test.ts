// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { spreadSubdirectories } from '#linux/inode-flags.ts';
import { EXT4_MAGIC, statfs } from '#linux/statfs.ts';

test('on ext4 a directory is marked as the top of unrelated trees, and keeps its other flags', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-flags-'));
  try {
    const isExt4 = statfs(directory).type === EXT4_MAGIC;
    assert.equal(spreadSubdirectories(directory), isExt4);
    assert.equal(spreadSubdirectories(directory), isExt4);
    if (isExt4) assert.match(execFileSync('lsattr', ['-d', directory]).toString().split(' ')[0] ?? '', /^-+Te-+$/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a file system without the flag is left as it is', () => {
  assert.equal(spreadSubdirectories('/proc'), false);
});
