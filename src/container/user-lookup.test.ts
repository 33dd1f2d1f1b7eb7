// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lookupUser } from '#container/user-lookup.ts';
import { isEngineError } from '#core/errors.ts';

const PASSWD = `# people
root:x:0:0:root:/root:/bin/sh

daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh
1000:x:0:0:trap:/root:/bin/sh
broken:x:abc:0::/:/bin/sh
nohome:x:1001:1001:::
zoë:x:1002:1002::/home/zoë:/bin/sh
huge:x:4294967295:0::/:/bin/sh
ann:x:7:7:second:/seven:/bin/sh
`;
const GROUP = `root:x:0:
daemon:x:1:ann
users:x:100:bob,ann
42:x:0:
ann:x:1000:
video:x:44:bob
annex:x:45:annette
huge:x:2147483648:bob
`;

function makeRoot(t: TestContext, files: Record<string, string> = { passwd: PASSWD, group: GROUP }): string {
  const root = mkdtempSync(join(tmpdir(), 'hoy-user-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'etc', name), content);
  return root;
}

const root0 = { uid: 0, gid: 0, additionalGids: [], home: '/root' };

test('a user is found by name or number, with groups and home', async (t) => {
  const root = makeRoot(t);
  const cases: [user: string, groupAdd: string[], expected: object][] = [
    ['', [], root0],
    ['root', [], root0],
    ['0', [], root0],
    ['ann', [], { uid: 1000, gid: 1000, additionalGids: [1, 100], home: '/home/ann' }],
    ['1000', [], { uid: 1000, gid: 1000, additionalGids: [1, 100], home: '/home/ann' }],
    ['ann:users', [], { uid: 1000, gid: 100, additionalGids: [], home: '/home/ann' }],
    ['ann:42', [], { uid: 1000, gid: 42, additionalGids: [], home: '/home/ann' }],
    ['ann:', [], { uid: 1000, gid: 1000, additionalGids: [1, 100], home: '/home/ann' }],
    [':users', [], { uid: 0, gid: 100, additionalGids: [], home: '/root' }],
    ['5555', [], { uid: 5555, gid: 0, additionalGids: [], home: '/' }],
    ['5555:6666', [], { uid: 5555, gid: 6666, additionalGids: [], home: '/' }],
    ['nohome', [], { uid: 1001, gid: 1001, additionalGids: [], home: '/' }],
    ['zoë', [], { uid: 1002, gid: 1002, additionalGids: [], home: '/home/zoë' }],
    ['root', ['video', '7', 'video', '44'], { ...root0, additionalGids: [44, 7] }],
    ['ann', ['video'], { uid: 1000, gid: 1000, additionalGids: [1, 100, 44], home: '/home/ann' }],
    ['ann:video', ['users'], { uid: 1000, gid: 44, additionalGids: [100], home: '/home/ann' }],
  ];
  for (const [user, groupAdd, expected] of cases) {
    assert.deepEqual({ ...(await lookupUser(root, user, groupAdd)) }, expected, `${user} + ${groupAdd}`);
  }
});

test('digits are an ID and never the name of an account', async (t) => {
  const root = makeRoot(t, { passwd: '1000:x:0:0:trap:/root:/bin/sh\n', group: '1000:x:0:\n' });
  assert.deepEqual(
    { ...(await lookupUser(root, '1000:1000', ['1000'])) },
    {
      uid: 1000,
      gid: 1000,
      additionalGids: [1000],
      home: '/',
    },
  );
});

test('what is not there is said with the words that Docker uses', async (t) => {
  const root = makeRoot(t);
  const cases: [user: string, groupAdd: string[], message: RegExp][] = [
    ['nobody', [], /^unable to find user nobody: no matching entries in passwd file$/],
    ['broken', [], /^unable to find user broken: no matching entries in passwd file$/],
    ['root;0', [], /^unable to find user root;0: no matching entries in passwd file$/],
    ['ann:none', [], /^unable to find group none: no matching entries in group file$/],
    ['ann', ['none'], /^unable to find group none: no matching entries in group file$/],
    ['2147483648', [], /^uids and gids must be in range 0-2147483647$/],
    ['-1', [], /^uids and gids must be in range 0-2147483647$/],
    ['0:4294967296', [], /^uids and gids must be in range 0-2147483647$/],
    ['huge', [], /^user huge: uids and gids must be in range 0-2147483647$/],
    ['root', ['huge'], /^group huge: uids and gids must be in range 0-2147483647$/],
  ];
  for (const [user, groupAdd, message] of cases) {
    await assert.rejects(
      lookupUser(root, user, groupAdd),
      (error) => isEngineError(error, 'invalid-parameter') && message.test(error.message),
      user,
    );
  }
});

test('an image without the files knows numbers only', async (t) => {
  const root = makeRoot(t, {});
  assert.deepEqual({ ...(await lookupUser(root, '', [])) }, { uid: 0, gid: 0, additionalGids: [], home: '/' });
  assert.equal((await lookupUser(root, '12:34', ['56'])).gid, 34);
  await assert.rejects(lookupUser(root, 'root', []), /unable to find user root/);
});

test('a link in the image can not lead to a file of the host', async (t) => {
  const root = makeRoot(t, {});
  const outside = mkdtempSync(join(tmpdir(), 'hoy-outside-'));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, 'passwd'), 'spy:x:77:77::/:\n');
  symlinkSync(join(outside, 'passwd'), join(root, 'etc/passwd'));
  symlinkSync(`../../../../../../../..${join(outside, 'passwd')}`, join(root, 'etc/group'));
  await assert.rejects(lookupUser(root, 'spy', []), /unable to find user spy/);
  mkdirSync(join(root, outside), { recursive: true });
  writeFileSync(join(root, outside, 'passwd'), 'inside:x:78:78::/:\n');
  assert.equal((await lookupUser(root, 'inside', [])).uid, 78);
});

test('a FIFO, a device and a directory count as missing and do not hang', async (t) => {
  for (const make of [
    (path: string) => execFileSync('mkfifo', [path]),
    (path: string) => execFileSync('mknod', [path, 'c', '1', '5']),
    (path: string) => mkdirSync(path),
  ]) {
    const root = makeRoot(t, {});
    make(join(root, 'etc/passwd'));
    await assert.rejects(lookupUser(root, 'root', []), /unable to find user root/);
  }
});

test('an endless line is refused instead of held in memory', async (t) => {
  const root = makeRoot(t, { passwd: PASSWD });
  const fd = openSync(join(root, 'etc/group'), 'w');
  ftruncateSync(fd, 1024 ** 3);
  closeSync(fd);
  const before = process.memoryUsage().rss;
  await assert.rejects(lookupUser(root, 'ann:users', []), /line that is too long/);
  assert.ok(process.memoryUsage().rss - before < 200e6);
});

test('a file of very many lines is read in bounded memory, up to its limit', async (t) => {
  const root = makeRoot(t, { passwd: PASSWD });
  const lines = 'g:x:5:bob\n'.repeat(6000);
  writeFileSync(join(root, 'etc/group'), `${lines}last:x:9:\n`);
  assert.equal((await lookupUser(root, 'ann:last', [])).gid, 9);
});

test('a file that is too large is refused soon, since a container could make each of its execs read it', async (t) => {
  const root = makeRoot(t, { passwd: PASSWD });
  writeFileSync(join(root, 'etc/group'), 'g:x:5:bob\n'.repeat(1_800_000));
  const before = performance.now();
  await assert.rejects(lookupUser(root, 'ann:last', []), /the group file of the image is too large/);
  assert.ok(performance.now() - before < 5000);
});

test('lines that cross a block boundary are whole', async (t) => {
  const people = Array.from(
    { length: 5000 },
    (_, i) => `user${i}:x:${i + 10}:${i + 20}:${'c'.repeat(i % 90)}:/h${i}:\n`,
  );
  const root = makeRoot(t, { passwd: people.join(''), group: GROUP });
  for (const i of [0, 700, 1234, 4999]) {
    const { uid, gid, home } = await lookupUser(root, `user${i}`, []);
    assert.deepEqual({ uid, gid, home }, { uid: i + 10, gid: i + 20, home: `/h${i}` });
  }
});
