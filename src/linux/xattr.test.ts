// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as xattr from '#linux/xattr.ts';

function directory(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hoy-xattr-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const VALUES: Record<string, Buffer> = {
  empty: Buffer.alloc(0),
  'binary with NUL': Buffer.from('01ff8000fe', 'hex'),
  'longer than the first buffer': Buffer.alloc(1500, 0xab),
};

for (const [title, value] of Object.entries(VALUES)) {
  test(`a value is kept byte for byte: ${title}`, () => {
    using box = directory();
    const file = join(box.path, 'file');
    writeFileSync(file, '');
    xattr.lsetxattr(file, 'user.hoy', value);
    assert.deepEqual(xattr.lgetxattr(file, 'user.hoy'), value);
    const fd = openSync(file, 'r+');
    try {
      assert.deepEqual(xattr.fgetxattr(fd, 'user.hoy'), value);
      xattr.fsetxattr(fd, 'user.two', value);
      assert.deepEqual(xattr.flistxattr(fd).sort(), ['user.hoy', 'user.two']);
      xattr.fremovexattr(fd, 'user.two');
    } finally {
      closeSync(fd);
    }
    assert.deepEqual(xattr.llistxattr(file), ['user.hoy']);
    xattr.lremovexattr(file, 'user.hoy');
    assert.equal(xattr.lgetxattr(file, 'user.hoy'), undefined);
  });
}

test('attributes are set on a link, not on what it points at', () => {
  using box = directory();
  writeFileSync(join(box.path, 'file'), '');
  symlinkSync('file', join(box.path, 'link'));
  xattr.lsetxattr(join(box.path, 'link'), 'trusted.hoy', Buffer.from('y'));
  assert.deepEqual(xattr.llistxattr(join(box.path, 'file')), []);
  assert.deepEqual(xattr.lgetxattr(join(box.path, 'link'), 'trusted.hoy'), Buffer.from('y'));
});

test('failures other than a missing attribute are thrown', () => {
  assert.throws(() => xattr.lgetxattr('/nonexistent/hoy', 'user.x'), { code: 'ENOENT' });
  using box = directory();
  const file = join(box.path, 'file');
  writeFileSync(file, '');
  xattr.lsetxattr(file, 'user.hoy', Buffer.from('1'), xattr.XATTR_CREATE);
  assert.throws(() => xattr.lsetxattr(file, 'user.hoy', Buffer.from('2'), xattr.XATTR_CREATE), { code: 'EEXIST' });
});
