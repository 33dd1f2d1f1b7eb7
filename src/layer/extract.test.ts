// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExtractLimits, LayerExtractor } from '#layer/extract.ts';
import { archive, directory, file, hardLink, link } from '#layer/layer-testing.ts';
import { lgetxattr } from '#linux/xattr.ts';
import { TarReader } from '#tar/reader.ts';
import { member, tarEntry } from '#tar/writer.ts';

const LIMITS: ExtractLimits = { maxBytes: 1 << 24, maxEntries: 1000 };

interface Sandbox extends Disposable {
  /** Where the layer goes. */
  root: string;
  /** What nothing in a layer may touch. */
  outside: string;
}

function sandbox(): Sandbox {
  const base = mkdtempSync(join(tmpdir(), 'hoy-extract-'));
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
  writeFileSync(join(outside, 'canary'), 'alive');
  return { root, outside, [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }) };
}

function extract(root: string, tar: Buffer, limits = LIMITS): void {
  const fd = openSync(root, 'r');
  try {
    using extractor = new LayerExtractor(fd, limits);
    const reader = new TarReader(extractor);
    reader.write(tar);
    reader.end();
    extractor.finish();
  } finally {
    closeSync(fd);
  }
}

function assertUntouched(outside: string): void {
  assert.deepEqual(readdirSync(outside), ['canary']);
  assert.equal(readFileSync(join(outside, 'canary'), 'utf8'), 'alive');
  assert.equal(lstatSync(join(outside, 'canary')).nlink, 1);
}

const listing = (root: string): string =>
  execFileSync(
    'sh',
    [
      '-c',
      "find . -printf '%P %y %m %U:%G %s %T@ %l\\n' | sed 's/ d \\([^ ]*\\) \\([^ ]*\\) [0-9]*/ d \\1 \\2/' | sort",
    ],
    { cwd: root },
  ).toString();

test('a tree is unpacked exactly as GNU tar does it', () => {
  using from = sandbox();
  using ours = sandbox();
  using theirs = sandbox();
  execFileSync(
    'sh',
    [
      '-c',
      'mkdir -p a/b c; echo x > a/f; ln a/f a/b/hard; ln -s ../f a/b/soft; ln -s /abs c/abs; mkfifo c/pipe; mknod c/dev c 5 7; mknod c/blk b 7 9; chmod 4711 a/f; chmod 1777 c; chown 12:34 a/f c; chown -h 5:6 c/abs; touch -d 2001-02-03T04:05:06.789 a/f a c; truncate -s 100000 c/holes; echo data >> c/holes; chmod 0 a/b',
    ],
    { cwd: from.root },
  );
  for (const options of [['--format=gnu'], ['--format=posix', '--sparse'], ['--format=gnu', '--sparse']]) {
    rmSync(ours.root, { recursive: true });
    rmSync(theirs.root, { recursive: true });
    mkdirSync(ours.root);
    mkdirSync(theirs.root);
    const tar = execFileSync('tar', ['-C', from.root, '-c', ...options, '.'], { maxBuffer: 1 << 24 });
    extract(ours.root, tar);
    execFileSync('tar', ['-C', theirs.root, '-xp', '--numeric-owner'], { input: tar });
    assert.equal(listing(ours.root), listing(theirs.root), options.join(' '));
    assert.deepEqual(readFileSync(join(ours.root, 'c/holes')), readFileSync(join(from.root, 'c/holes')));
    assert.equal(lstatSync(join(ours.root, 'a/f')).ino, lstatSync(join(ours.root, 'a/b/hard')).ino);
  }
});

test('binary attributes are set, and those that steer overlayfs are not', () => {
  using box = sandbox();
  const value = Buffer.from([1, 0, 0xff, 0x80]);
  const xattrs = new Map([
    ['user.raw', value],
    ['trusted.overlay.redirect', Buffer.from('/etc')],
    ['trusted.overlay.opaque', Buffer.from('y')],
    ['user.overlay.opaque', Buffer.from('y')],
  ]);
  extract(box.root, archive(directory('d', { xattrs }), file('d/f', 'x', { xattrs })));
  for (const path of ['d', 'd/f']) {
    assert.deepEqual(lgetxattr(join(box.root, path), 'user.raw'), value);
    assert.equal(lgetxattr(join(box.root, path), 'trusted.overlay.redirect'), undefined);
    assert.equal(lgetxattr(join(box.root, path), 'trusted.overlay.opaque'), undefined);
    assert.equal(lgetxattr(join(box.root, path), 'user.overlay.opaque'), undefined);
  }
});

test('a file capability survives the change of owner', () => {
  using box = sandbox();
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  extract(
    box.root,
    archive(file('ping', 'x', { uid: 5, mode: 0o755, xattrs: new Map([['security.capability', capability]]) })),
  );
  assert.deepEqual(lgetxattr(join(box.root, 'ping'), 'security.capability'), capability);
});

test('whiteouts become devices 0/0 and opaque directories carry the attribute', () => {
  using box = sandbox();
  extract(
    box.root,
    archive(directory('d'), file('d/.wh.gone'), file('d/.wh..wh..opq'), file('.wh..wh.plnk'), file('new/.wh.x')),
  );
  const stat = lstatSync(join(box.root, 'd/gone'));
  assert.equal(stat.isCharacterDevice() && stat.rdev === 0, true);
  assert.equal(lgetxattr(join(box.root, 'd'), 'trusted.overlay.opaque')?.toString(), 'y');
  assert.equal(lstatSync(join(box.root, 'new/x')).isCharacterDevice(), true);
  assert.deepEqual(readdirSync(box.root).sort(), ['d', 'new']);
});

test('a later member replaces an earlier one of the same name, whatever both are', () => {
  using box = sandbox();
  const makers = { file: file('x', 'new'), directory: directory('x'), link: link('x', 'y'), whiteout: file('.wh.x') };
  const before = [
    file('x', 'old'),
    archive(directory('x'), file('x/in/side', '1')).subarray(0, -1024),
    link('x', '/etc'),
    file('.wh.x'),
  ];
  for (const first of before) {
    for (const [kind, second] of Object.entries(makers)) {
      rmSync(join(box.root, 'x'), { recursive: true, force: true });
      extract(box.root, archive(first, second));
      const stat = lstatSync(join(box.root, 'x'));
      assert.equal(
        {
          file: stat.isFile(),
          directory: stat.isDirectory(),
          link: stat.isSymbolicLink(),
          whiteout: stat.isCharacterDevice(),
        }[kind],
        true,
      );
    }
  }
});

test('a directory that comes again keeps what is in it', () => {
  using box = sandbox();
  extract(box.root, archive(directory('d', { mode: 0o700 }), file('d/f', '1'), directory('d', { mode: 0o755 })));
  assert.equal(readFileSync(join(box.root, 'd/f'), 'utf8'), '1');
  assert.equal(lstatSync(join(box.root, 'd')).mode & 0o777, 0o755);
});

test('links that are absolute or lead up are resolved with the layer as root', () => {
  using box = sandbox();
  extract(
    box.root,
    archive(
      directory('real'),
      link('abs', '/real'),
      file('abs/one', '1'),
      link('up', '../../../../real'),
      file('up/two', '2'),
    ),
  );
  assert.deepEqual(readdirSync(join(box.root, 'real')).sort(), ['one', 'two']);
});

/** Layers that try to get out. Each either stays inside or is refused; `outside` is where they want to be. */
const ESCAPES: [title: string, members: (outside: string, root: string) => Buffer[]][] = [
  ['a name with ..', () => [file('../outside/evil', 'x')]],
  ['a name with .. in the middle', () => [file('a/../../outside/evil', 'x')]],
  ['an absolute name', (outside) => [file(`${outside}/evil`, 'x')]],
  ['a directory whose name is ..', () => [directory('..', { mode: 0 })]],
  ['a link to a directory outside, then a file in it', (outside) => [link('l', outside), file('l/evil', 'x')]],
  ['a relative link outside, then a file in it', () => [link('l', '../outside'), file('l/evil', 'x')]],
  ['a link to a file outside, then that file', (outside) => [link('l', `${outside}/canary`), file('l', 'dead')]],
  [
    'a chain of links',
    () => [link('a', 'b'), link('b', 'c/..'), directory('c'), link('d', 'a/../../outside'), file('d/evil', 'x')],
  ],
  [
    'a link in place of a directory that was used',
    (outside) => [directory('d'), file('d/a', ''), link('d', outside), file('d/evil', 'x')],
  ],
  ['a hard link to a file outside', (outside) => [hardLink('h', `${outside}/canary`), file('h', 'dead')]],
  ['a hard link with ..', () => [hardLink('h', '../outside/canary')]],
  ['a hard link through a link', (outside) => [link('l', outside), hardLink('h', 'l/canary')]],
  [
    'a hard link to a link, then a file through it',
    (outside) => [link('l', `${outside}/canary`), hardLink('h', 'l'), file('h', 'dead')],
  ],
  ['a whiteout of ..', () => [file('.wh...', ''), file('d/.wh...')]],
  ['a whiteout of .', () => [file('.wh..', '')]],
  ['a whiteout without a name', () => [file('.wh.', '')]],
  ['a whiteout through a link', (outside) => [link('l', outside), file('l/.wh.canary')]],
  ['an opaque marker through a link', (outside) => [link('l', outside), file('l/.wh..wh..opq')]],
  [
    'a device through a link',
    (outside) => [
      link('l', outside),
      member(tarEntry({ name: 'l/dev', type: 'character-device', deviceMajor: 1, deviceMinor: 1 })),
    ],
  ],
  [
    'a directory over a link',
    (outside) => [link('l', outside), directory('l', { mode: 0o777, uid: 99 }), file('l/evil', 'x')],
  ],
  [
    'a magic link of /proc',
    () => [link('l', '/proc/self/cwd'), file('l/evil', 'x'), link('m', '/proc/self/root'), file('m/evil', 'x')],
  ],
  [
    'a name with a NUL',
    () => [member(tarEntry({ name: 'x'.repeat(120), xattrs: new Map([['user.a\0b', Buffer.from('x')]]) }))],
  ],
  ['a name that is too long', () => [file('n'.repeat(300), 'x')]],
  ['a path that is too long', () => [file('d/'.repeat(3000), 'x')]],
  ['a million slashes', () => [file(`a${'/'.repeat(500_000)}b`, 'x')]],
];

for (const [title, members] of ESCAPES) {
  test(`${title} touches nothing outside`, () => {
    using box = sandbox();
    try {
      extract(box.root, archive(...members(box.outside, box.root)));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'invalid-parameter', `${error}`);
    }
    assertUntouched(box.outside);
    assert.equal(existsSync(join(box.root, '../evil')), false);
    assert.equal(lstatSync(box.outside).uid, 0);
    assert.equal(lgetxattr(box.outside, 'trusted.overlay.opaque'), undefined);
  });
}

test('whatever order hostile members come in, nothing outside is touched', () => {
  const name = fc.constantFrom('a', 'b', 'a/b', 'b/a', 'a/canary', '../a', '.wh.a', 'a/.wh..wh..opq', 'a/../b');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name, fc.nat(4)), { maxLength: 8 }), (steps) => {
      using box = sandbox();
      const members = steps.map(
        ([path, target, kind]) =>
          [file(path, 'x'), directory(path), link(path, box.outside), hardLink(path, target), link(path, target)][
            kind
          ] ?? file(path),
      );
      try {
        extract(box.root, archive(...members));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid-parameter', `${error}`);
      }
      assertUntouched(box.outside);
    }),
    { numRuns: 300 },
  );
});

test('the limits on bytes and entries hold, also for sparse files', () => {
  using box = sandbox();
  assert.throws(
    () => extract(box.root, archive(file('a', 'x'.repeat(11))), { maxBytes: 10, maxEntries: 9 }),
    /larger than 10 bytes/,
  );
  const many = Array.from({ length: 10 }, (_, i) => file(`f${i}`));
  assert.throws(() => extract(box.root, archive(...many), { maxBytes: 10, maxEntries: 9 }), /more than 9 entries/);
});

test('every descriptor is closed, also after a failure', () => {
  using box = sandbox();
  const count = (): number => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 50; i++) {
    assert.throws(() => extract(box.root, archive(file('a/b/c', 'x'), file('d/e', 'y'), hardLink('h', 'missing/x'))));
  }
  assert.ok(count() <= before + 2);
});

test('times of directories are those of the archive, although files came later', () => {
  using box = sandbox();
  extract(
    box.root,
    archive(
      directory('./', { mode: 0o711, modifyNs: 3_000_000_000n }),
      directory('d', { modifyNs: 1_000_000_000n }),
      file('d/f'),
      link('l', 'd'),
    ),
  );
  assert.equal(lstatSync(join(box.root, 'd')).mtimeMs, 1000);
  assert.equal(lstatSync(box.root).mtimeMs, 3000);
  assert.equal(lstatSync(box.root).mode & 0o777, 0o711);
  assert.equal(readlinkSync(join(box.root, 'l')), 'd');
});
