// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { overlayChanges } from '#layer/changes.ts';
import { MAX_LEVELS, openDirectoryAt, removeAt, treeSize } from '#layer/tree.ts';
import { WorkerPool } from '#layer/worker-pool.ts';
import { mkdirat, O_CREAT, O_DIRECTORY, O_RDONLY, O_WRONLY, openat } from '#linux/at.ts';

/** A directory with more below it than a path can name or a stack can hold, and a file at the very end. */
function makeDeep(path: string, levels: number): void {
  mkdirSync(path);
  let fd = openSync(path, O_RDONLY | O_DIRECTORY);
  for (let level = 0; level < levels; level += 1) {
    mkdirat(fd, 'd', 0o755);
    const next = openDirectoryAt(fd, 'd');
    closeSync(fd);
    fd = next;
  }
  closeSync(openat(fd, 'end', O_WRONLY | O_CREAT, 0o644));
  closeSync(fd);
}

test('directories nested more deeply than files may be open are removed', () => {
  const root = mkdtempSync(join(tmpdir(), 'hoy-tree-'));
  try {
    makeDeep(join(root, 'deep'), 600);
    const program = "import { removeAt } from '#layer/tree.ts'; removeAt(-100, Buffer.from(process.env.DOOMED));";
    const env = { ...process.env, DOOMED: join(root, 'deep'), NODE: process.execPath, PROGRAM: program };
    execFileSync('sh', ['-c', 'ulimit -n 250 && exec "$NODE" --input-type=module --eval "$PROGRAM"'], { env });
    assert.deepEqual(readdirSync(root), []);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('many names, odd names, and links to places outside: all of the tree goes, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'hoy-tree-'));
  const rootFd = openSync(root, O_RDONLY | O_DIRECTORY);
  try {
    mkdirSync(join(root, 'kept'));
    writeFileSync(join(root, 'kept/file'), '');
    mkdirSync(join(root, 'tree/inner'), { recursive: true });
    for (let i = 0; i < 1500; i += 1) writeFileSync(join(root, 'tree/inner', `${i}`), '');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/tree/`), Buffer.from([0xff, 0xfe])]), '');
    symlinkSync('../kept', join(root, 'tree/link'));
    removeAt(rootFd, Buffer.from('tree'));
    removeAt(rootFd, Buffer.from('tree'));
    assert.deepEqual(readdirSync(root), ['kept']);
    assert.deepEqual(readdirSync(join(root, 'kept')), ['file']);
  } finally {
    closeSync(rootFd);
    rmSync(root, { recursive: true, force: true });
  }
});

test("two that remove the same tree at once do not get in each other's way", async () => {
  const root = mkdtempSync(join(tmpdir(), 'hoy-tree-'));
  await using pool = new WorkerPool({ size: 4 });
  try {
    for (let round = 0; round < 5; round += 1) {
      const path = join(root, 'doomed');
      for (let i = 0; i < 60; i += 1) mkdirSync(join(path, `${i}/a/b`), { recursive: true });
      await Promise.all(Array.from({ length: 4 }, () => pool.run({ kind: 'remove', path })));
      assert.deepEqual(readdirSync(root), []);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('sizes and changes end where a tree is deeper than anybody needs', () => {
  const root = mkdtempSync(join(tmpdir(), 'hoy-tree-'));
  const rootFd = openSync(root, O_RDONLY | O_DIRECTORY);
  try {
    mkdirSync(join(root, 'lower'));
    makeDeep(join(root, 'upper'), MAX_LEVELS + 100);
    writeFileSync(join(root, 'upper/file'), 'four');
    const upperFd = openDirectoryAt(rootFd, 'upper');
    assert.equal(treeSize(upperFd), 4);
    closeSync(upperFd);
    const changes = overlayChanges({ upper: join(root, 'upper'), lowers: [join(root, 'lower')], scratch: '' });
    assert.equal(changes.length, MAX_LEVELS + 1);
  } finally {
    removeAt(rootFd, Buffer.from('upper'));
    closeSync(rootFd);
    rmSync(root, { recursive: true, force: true });
  }
});
