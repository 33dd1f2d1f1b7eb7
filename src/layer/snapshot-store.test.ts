// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '#core/logger.ts';
import { directory, file, hardLink, link, openStores, type TestStores } from '#layer/layer-testing.ts';
import { chooseDriver } from '#layer/snapshot-driver.ts';
import { OverlaySnapshotStore } from '#layer/snapshot-store.ts';
import { mount } from '#linux/mount.ts';

const run = (cwd: string, script: string): void => void execFileSync('sh', ['-ec', script], { cwd });

async function baseImage(stores: TestStores): Promise<string> {
  const base = await stores.add([
    directory('etc'),
    file('etc/passwd', 'root'),
    file('etc/group', 'root'),
    directory('usr'),
    directory('usr/lib'),
    file('usr/lib/a', 'A'),
    file('usr/lib/b', 'B'),
    directory('replaced'),
    file('replaced/old'),
    link('link', 'etc/passwd'),
    hardLink('hard', 'etc/group'),
  ]);
  const top = await stores.add(
    [directory('./', { mode: 0o751, uid: 7 }), file('usr/lib/.wh.b'), file('usr/lib/c', 'C')],
    base.chainId,
  );
  return top.chainId;
}

const DRIVERS = ['overlay2', 'vfs', 'fuse-overlayfs'].filter((driver) => driver !== 'fuse-overlayfs' || hasFuse());

function hasFuse(): boolean {
  try {
    execFileSync('fuse-overlayfs', ['--version'], { stdio: 'ignore' });
    return existsSync('/dev/fuse');
  } catch {
    return false;
  }
}

for (const driver of DRIVERS) {
  test(`${driver}: a container sees its image, and writes nothing into it`, async () => {
    await using stores = await openStores({ driver });
    const { snapshots } = stores;
    assert.equal(snapshots.driver, driver);
    const parent = await baseImage(stores);
    for (const id of ['one', 'two']) await snapshots.create(id, { parent, storageOptions: {} });
    const one = await snapshots.mount('one');
    assert.equal(await snapshots.mount('one'), one);
    assert.deepEqual(readdirSync(join(one, 'usr/lib')), ['a', 'c']);
    writeFileSync(join(one, 'usr/lib/a'), 'changed');
    const two = await snapshots.mount('two');
    assert.equal(readFileSync(join(two, 'usr/lib/a'), 'utf8'), 'A');
    assert.equal(lstatSync(two).mode & 0o777, 0o751);
    assert.equal(lstatSync(two).uid, 7);
    assert.equal(lstatSync(join(two, 'etc/hosts')).isFile(), true);
    assert.equal(lstatSync(join(two, 'dev/pts')).isDirectory(), true);
    await snapshots.unmount('one');
    await snapshots.unmount('one');
    assert.equal(readFileSync(join(await snapshots.mount('one'), 'usr/lib/a'), 'utf8'), 'changed');
  });

  test(`${driver}: what a container changed is told as docker diff does`, async () => {
    await using stores = await openStores({ driver });
    const { snapshots } = stores;
    await snapshots.create('c', { parent: await baseImage(stores), storageOptions: {} });
    const merged = await snapshots.mount('c');
    assert.deepEqual(await snapshots.changes('c'), []);
    run(
      merged,
      'echo longer >> etc/passwd; rm usr/lib/a; mkdir -p new/deep; echo x > new/deep/f; chmod 600 usr/lib/c; rm -r replaced; mkdir replaced; touch replaced/fresh',
    );
    const changes = await snapshots.changes('c');
    assert.deepEqual(
      changes.map(({ path, kind }) => `${kind[0]} ${path}`),
      [
        'm /etc',
        'm /etc/passwd',
        'a /new',
        'a /new/deep',
        'a /new/deep/f',
        'm /replaced',
        'a /replaced/fresh',
        'd /replaced/old',
        'm /usr',
        'm /usr/lib',
        'd /usr/lib/a',
        'm /usr/lib/c',
      ],
    );
    assert.ok((await snapshots.usage('c')) >= 'rootlonger\n'.length + 2);
  });

  test(`${driver}: a removed container leaves no mount and no file`, async () => {
    await using stores = await openStores({ driver });
    const { snapshots } = stores;
    await snapshots.create('c', { parent: await baseImage(stores), storageOptions: {} });
    const merged = await snapshots.mount('c');
    writeFileSync(join(merged, 'f'), 'x');
    await snapshots.remove('c');
    await snapshots.remove('c');
    await snapshots.stop();
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(merged), false);
    assert.deepEqual(readdirSync(join(stores.root, 'snapshots')), ['init']);
    assert.deepEqual(await snapshots.list(), []);
  });
}

test('an image of 125 layers can be mounted, and every layer counts', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  let parent: string | undefined;
  for (let i = 0; i < 125; i++)
    parent = (await stores.add([file(`f${i}`, `${i}`), file('last', `${i}`)], parent)).chainId;
  await stores.snapshots.create('c', { parent: parent ?? '', storageOptions: {} });
  const merged = await stores.snapshots.mount('c');
  assert.equal(readFileSync(join(merged, 'last'), 'utf8'), '124');
  assert.equal(readdirSync(merged).filter((name) => name.startsWith('f')).length, 125);
});

test('a container without layers has what is mounted over, and nothing else', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  await stores.snapshots.create('c', { storageOptions: {} });
  const merged = await stores.snapshots.mount('c');
  assert.deepEqual(readdirSync(merged).sort(), ['.dockerenv', 'dev', 'etc', 'proc', 'sys']);
  assert.deepEqual(await stores.snapshots.changes('c'), []);
  writeFileSync(join(merged, 'f'), '');
  assert.deepEqual(await stores.snapshots.changes('c'), [{ path: '/f', kind: 'added' }]);
});

test('an image whose /etc and /dev lead outside makes nothing there', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  const outside = join(stores.root, 'outside');
  execFileSync('mkdir', [outside]);
  const { chainId } = await stores.add([
    link('etc', outside),
    link('dev', '../../../../../../../../tmp'),
    link('proc', '/'),
    file('sys'),
  ]);
  await stores.snapshots.create('c', { parent: chainId, storageOptions: {} });
  await stores.snapshots.mount('c');
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(existsSync('/tmp/console'), false);
});

test('the directories of a container are those that inspect shows', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  await stores.snapshots.create('c', { parent: await baseImage(stores), storageOptions: {} });
  const merged = await stores.snapshots.mount('c');
  const { LowerDir = '', MergedDir, UpperDir = '', WorkDir = '' } = stores.snapshots.directories('c');
  assert.equal(MergedDir, merged);
  assert.equal(LowerDir.split(':').length, 3);
  for (const path of [...LowerDir.split(':'), UpperDir, WorkDir]) assert.ok(existsSync(path));
});

test('wrong requests are refused', async () => {
  await using stores = await openStores();
  const { snapshots } = stores;
  await assert.rejects(snapshots.create('c', { storageOptions: { size: '1G' } }), { code: 'invalid-parameter' });
  await assert.rejects(snapshots.create('c', { parent: 'sha256:00', storageOptions: {} }), { code: 'not-found' });
  await snapshots.create('c', { storageOptions: {} });
  await assert.rejects(snapshots.create('c', { storageOptions: {} }), { code: 'conflict' });
  await assert.rejects(snapshots.mount('d'), { code: 'not-found' });
  await assert.rejects(snapshots.changes('d'), { code: 'not-found' });
});

test('after a crash mounted containers go on, and what has no row is removed', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  const { database, layers, pool, root } = stores;
  await stores.snapshots.create('kept', { parent: await baseImage(stores), storageOptions: {} });
  const merged = await stores.snapshots.mount('kept');
  writeFileSync(join(merged, 'data'), 'precious');
  execFileSync('mkdir', [
    '-p',
    join(root, 'snapshots/removing-x/upper'),
    join(root, 'snapshots/unknown/merged'),
    join(root, 'snapshots/init/new-abc'),
  ]);
  const again = new OverlaySnapshotStore(join(root, 'snapshots'), { database, layers, pool, logger: silentLogger });
  await again.start();
  await again.stop();
  assert.deepEqual(readdirSync(join(root, 'snapshots')).sort(), ['init', 'kept']);
  assert.equal(readdirSync(join(root, 'snapshots/init')).length, 1);
  assert.equal(readFileSync(join(await again.mount('kept'), 'data'), 'utf8'), 'precious');
});

test('what a killed engine had mounted for a moment is unmounted and removed at the next start', async () => {
  await using stores = await openStores();
  const parent = await baseImage(stores);
  await stores.snapshots.create('kept', { parent, storageOptions: {} });
  await stores.snapshots.stop();
  const root = join(stores.root, 'snapshots');
  const strays = ['init/new-stray', 'scratch-stray', 'trial-stray'].map((name) => join(root, name));
  for (const stray of strays) {
    mkdirSync(join(stray, 'merged'), { recursive: true });
    mount('tmpfs', join(stray, 'merged'), 'tmpfs', 0, '');
  }
  const again = new OverlaySnapshotStore(root, { ...stores, logger: silentLogger });
  await again.start();
  await again.stop();
  assert.deepEqual(strays.filter(existsSync), []);
  assert.deepEqual(await again.list(), ['kept']);
});

test('a container whose files a power failure took can still be mounted', async () => {
  await using stores = await openStores({ driver: 'overlay2' });
  await stores.snapshots.create('c', { parent: await baseImage(stores), storageOptions: {} });
  rmSync(join(stores.root, 'snapshots/c'), { recursive: true });
  rmSync(join(stores.root, 'snapshots/init'), { recursive: true });
  execFileSync('mkdir', [join(stores.root, 'snapshots/init')]);
  assert.ok(existsSync(join(await stores.snapshots.mount('c'), 'etc/passwd')));
});

test('the driver is found by a trial, and an unknown one is refused', async () => {
  await using stores = await openStores();
  assert.equal(await chooseDriver(stores.root, undefined, silentLogger), 'overlay2');
  assert.equal(await chooseDriver(stores.root, 'vfs', silentLogger), 'vfs');
  await assert.rejects(chooseDriver(stores.root, 'btrfs', silentLogger), /unknown storage driver/);
  assert.equal(await chooseDriver('/proc', undefined, silentLogger).catch(() => 'refused'), 'refused');
  assert.deepEqual(
    readdirSync(stores.root).filter((name) => name.startsWith('trial-')),
    [],
  );
});
