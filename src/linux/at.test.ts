// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as at from '#linux/at.ts';
import { fstatat, isSymbolicLink, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from '#linux/stat.ts';

interface Sandbox extends Disposable {
  path: string;
  fd: number;
}

function sandbox(): Sandbox {
  const path = mkdtempSync(join(tmpdir(), 'hoy-at-'));
  const fd = openSync(path, at.O_RDONLY | at.O_DIRECTORY);
  return {
    path,
    fd,
    [Symbol.dispose]() {
      closeSync(fd);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function readIn(root: number, path: string): string {
  const fd = at.openInRoot(root, path, at.O_RDONLY);
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

test('a path is resolved inside the root, whatever links and dots it is made of', () => {
  using box = sandbox();
  mkdirSync(join(box.path, 'etc'));
  writeFileSync(join(box.path, 'etc/passwd'), 'inside');
  symlinkSync('/etc/passwd', join(box.path, 'absolute'));
  symlinkSync('../../../../etc/passwd', join(box.path, 'upwards'));
  for (const path of ['etc/passwd', '/etc/passwd', 'absolute', 'upwards', '../../etc/passwd']) {
    assert.equal(readIn(box.fd, path), 'inside', path);
  }
});

test('magic links, links where none are wanted, and escapes are refused', () => {
  using box = sandbox();
  symlinkSync('/proc/self/root/etc/passwd', join(box.path, 'magic'));
  symlinkSync('/', join(box.path, 'slash'));
  assert.throws(() => at.openInRoot(box.fd, 'magic', at.O_RDONLY), { code: 'ENOENT' });
  const proc = openSync('/proc', at.O_RDONLY | at.O_DIRECTORY);
  try {
    assert.throws(() => at.openInRoot(proc, 'self/root/etc', at.O_RDONLY), { code: 'ELOOP' });
  } finally {
    closeSync(proc);
  }
  assert.throws(() => at.openInRoot(box.fd, 'slash', at.O_RDONLY, 0, { noSymlinks: true }), { code: 'ELOOP' });
  assert.throws(() => at.openInRoot(box.fd, '../x', at.O_RDONLY, 0, { beneath: true }), { code: 'EXDEV' });
});

test('a name with a NUL byte is refused before the kernel sees half of it', () => {
  using box = sandbox();
  assert.throws(() => at.mkdirat(box.fd, 'a\0b', 0o755), { code: 'EINVAL' });
});

test('names need not be UTF-8', () => {
  using box = sandbox();
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  closeSync(at.openInRoot(box.fd, name, at.O_CREAT | at.O_WRONLY | at.O_EXCL, 0o600));
  assert.equal(fstatat(box.fd, name).mode & 0o7777, 0o600);
});

test('files, links, directories and device nodes are made, renamed and removed', () => {
  using box = sandbox();
  at.mkdirat(box.fd, 'dir', 0o750);
  at.symlinkat('/nowhere', box.fd, 'dir/link');
  at.mknodat(box.fd, 'null', S_IFCHR | 0o666, 1, 3);
  at.mknodat(box.fd, 'disk', S_IFBLK | 0o600, 259, 70_000);
  at.mknodat(box.fd, 'fifo', S_IFIFO | 0o644);
  at.linkat(box.fd, 'null', box.fd, 'dir/null');
  at.renameat(box.fd, 'fifo', box.fd, 'pipe');
  assert.equal(at.readlinkat(box.fd, 'dir/link').toString(), '/nowhere');
  assert.ok(isSymbolicLink(fstatat(box.fd, 'dir/link')));
  assert.deepEqual(fstatat(box.fd, 'disk').rdev, { major: 259, minor: 70_000 });
  assert.equal(fstatat(box.fd, 'dir/null').nlink, 2);
  assert.equal(fstatat(box.fd, 'pipe').mode & S_IFMT, S_IFIFO);
  const [type] = execFileSync('stat', ['-c', '%t,%T', join(box.path, 'disk')], { encoding: 'utf8' }).split('\n');
  assert.equal(type, `103,${(70_000).toString(16)}`);
  at.unlinkat(box.fd, 'dir/link');
  at.unlinkat(box.fd, 'dir/null');
  at.unlinkat(box.fd, 'dir', at.AT_REMOVEDIR);
  assert.throws(() => fstatat(box.fd, 'dir'), { code: 'ENOENT', syscall: 'statx', path: 'dir' });
});

test('a rename that must not replace anything does not', () => {
  using box = sandbox();
  writeFileSync(join(box.path, 'a'), 'a');
  writeFileSync(join(box.path, 'b'), 'b');
  assert.throws(() => at.renameat(box.fd, 'a', box.fd, 'b', at.RENAME_NOREPLACE), { code: 'EEXIST' });
  at.renameat(box.fd, 'a', box.fd, 'b', at.RENAME_EXCHANGE);
  assert.equal(readFileSync(join(box.path, 'a'), 'utf8'), 'b');
});

test('owner and mode change on the link itself, never on what it points at', () => {
  using box = sandbox();
  writeFileSync(join(box.path, 'victim'), '', { mode: 0o600 });
  symlinkSync('victim', join(box.path, 'link'));
  at.fchownat(box.fd, 'link', 4_294_967_294, 42);
  assert.throws(() => at.fchmodat(box.fd, 'link', 0o777), { code: 'EOPNOTSUPP' });
  assert.deepEqual([fstatat(box.fd, 'link').uid, fstatat(box.fd, 'link').gid], [4_294_967_294, 42]);
  const victim = statSync(join(box.path, 'victim'));
  assert.deepEqual([victim.uid, victim.gid, victim.mode & 0o7777], [0, 0, 0o600]);
  at.fchmodat(box.fd, 'victim', 0o4755);
  assert.equal(fstatat(box.fd, 'victim').mode & 0o7777, 0o4755);
});

test('times are kept to the nanosecond, before 1970 too', () => {
  using box = sandbox();
  symlinkSync('x', join(box.path, 'link'));
  for (const modifyNs of [1_234_567_890_123_456_789n, 0n, -1n, -1_500_000_000n]) {
    at.utimensat(box.fd, 'link', { accessNs: 5n, modifyNs });
    const stat = fstatat(box.fd, 'link');
    assert.deepEqual([stat.accessNs, stat.modifyNs], [5n, modifyNs]);
  }
});

test('an empty path speaks of the descriptor itself', () => {
  using box = sandbox();
  symlinkSync('/target', join(box.path, 'link'));
  const link = at.openInRoot(box.fd, 'link', at.O_PATH | at.O_NOFOLLOW);
  try {
    assert.equal(at.readlinkat(link, '').toString(), '/target');
    at.fchownat(link, '', 7, 8, at.AT_EMPTY_PATH);
    assert.equal(fstatat(link, '', at.AT_EMPTY_PATH).uid, 7);
  } finally {
    closeSync(link);
  }
});

test('descriptors are not handed to child processes', () => {
  using box = sandbox();
  const fd = at.openInRoot(box.fd, '.', at.O_RDONLY);
  try {
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /flags:\s*0?2\d{6}/);
  } finally {
    closeSync(fd);
  }
});
