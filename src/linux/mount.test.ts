// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as mounts from '#linux/mount.ts';
import { OVERLAYFS_MAGIC, ST_RDONLY, statfs, TMPFS_MAGIC } from '#linux/statfs.ts';

interface Box extends Disposable {
  path: string;
  /** Mounts a tmpfs there, undone at the end. */
  tmpfs(name: string, data?: string | null): string;
  undo: DisposableStack;
}

function box(): Box {
  const path = mkdtempSync(join(tmpdir(), 'hoy-mount-'));
  const undo = new DisposableStack();
  undo.defer(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    undo,
    tmpfs(name, data = null) {
      const target = join(path, name);
      mkdirSync(target);
      mounts.mount('tmpfs', target, 'tmpfs', mounts.MS_NOSUID, data);
      undo.defer(() => mounts.umount(target, mounts.MNT_DETACH));
      return target;
    },
    [Symbol.dispose]: () => undo.dispose(),
  };
}

test('a tmpfs is mounted with its options and taken away again', () => {
  using here = box();
  const target = here.tmpfs('t', 'size=64k,mode=700');
  const stat = statfs(target);
  assert.equal(stat.type, TMPFS_MAGIC);
  assert.equal(stat.totalBytes, 65_536n);
  mounts.mount(null, target, null, mounts.MS_REMOUNT | mounts.MS_RDONLY, null);
  assert.equal(statfs(target).flags & ST_RDONLY, ST_RDONLY);
});

test('what the kernel refuses says which call and which path', () => {
  assert.throws(() => mounts.umount('/nonexistent/hoy'), {
    code: 'ENOENT',
    syscall: 'umount2',
    path: '/nonexistent/hoy',
  });
  using here = box();
  assert.throws(() => mounts.mount('x', here.path, 'no-such-fs', 0, null), { code: 'ENODEV' });
});

test('an overlay with more lower directories than fit in a page is mounted whole', () => {
  using here = box();
  const base = here.tmpfs('base');
  const lower = Array.from({ length: 60 }, (_, index) => join(base, `${'long-directory-name-'.repeat(5)}${index}`));
  for (const [index, directory] of lower.entries()) {
    mkdirSync(directory);
    writeFileSync(join(directory, `file-${index}`), `${index}`);
  }
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(base, name));
  const data = `lowerdir=${lower.join(':')},upperdir=${join(base, 'upper')},workdir=${join(base, 'work')}`;
  assert.ok(data.length > 4096);
  mounts.mount('overlay', join(base, 'merged'), 'overlay', 0, data);
  here.undo.defer(() => mounts.umount(join(base, 'merged'), mounts.MNT_DETACH));
  assert.equal(statfs(join(base, 'merged')).type, OVERLAYFS_MAGIC);
  for (const index of [0, 59]) assert.equal(readFileSync(join(base, 'merged', `file-${index}`), 'utf8'), `${index}`);
});

test('a cloned tree is attached to an open directory, read-only all the way down', () => {
  using here = box();
  const source = here.tmpfs('source');
  mkdirSync(join(source, 'inner'));
  mounts.mount('tmpfs', join(source, 'inner'), 'tmpfs', 0, null);
  here.undo.defer(() => mounts.umount(join(source, 'inner'), mounts.MNT_DETACH));
  writeFileSync(join(source, 'inner/file'), 'x');
  mkdirSync(join(here.path, 'target'));
  const tree = mounts.cloneTree(source, true);
  const target = openSync(join(here.path, 'target'), 'r');
  try {
    mounts.makeTreeReadOnly(tree);
    mounts.attachTree(tree, target);
    here.undo.defer(() => mounts.umount(join(here.path, 'target'), mounts.MNT_DETACH));
  } finally {
    closeSync(tree);
    closeSync(target);
  }
  assert.ok(existsSync(join(here.path, 'target/inner/file')));
  assert.throws(() => writeFileSync(join(here.path, 'target/inner/file'), 'y'), { code: 'EROFS' });
  writeFileSync(join(source, 'inner/file'), 'still writable at the source');
});
