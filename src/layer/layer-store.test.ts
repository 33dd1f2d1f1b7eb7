// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { archive, directory, file, openStores } from '#layer/layer-testing.ts';
import { chainIdOf } from '#oci/chain-id.ts';
import { digestOf } from '#oci/digest.ts';

const signal = new AbortController().signal;
const LAYER = archive(directory('etc'), file('etc/a', 'one'));

test('a layer is unpacked, found by its chain ID, and given back byte for byte', async () => {
  await using stores = await openStores();
  const { layers } = stores;
  for (const compressed of [LAYER, gzipSync(LAYER), zstdCompressSync(LAYER)]) {
    const layer = await layers.unpack(Readable.from([compressed]), { signal, diffId: digestOf(LAYER) });
    assert.deepEqual(layer, { chainId: digestOf(LAYER), diffId: digestOf(LAYER), sizeBytes: 3 });
    assert.deepEqual(layers.get(layer.chainId), layer);
    assert.ok((await buffer(await layers.tar(layer.chainId))).equals(LAYER));
  }
  const [lower = ''] = layers.lowerDirectories(digestOf(LAYER));
  assert.equal(readFileSync(join(lower, 'etc/a'), 'utf8'), 'one');
  assert.equal(layers.list().length, 1);
});

test('a layer can be unpacked from a file', async () => {
  await using stores = await openStores();
  writeFileSync(join(stores.root, 'layer.tar'), LAYER);
  const layer = await stores.layers.unpack({ path: join(stores.root, 'layer.tar') }, { signal });
  assert.equal(layer.diffId, digestOf(LAYER));
  assert.ok(existsSync(join(stores.root, 'layer.tar')));
});

const leftovers = (root: string): string[] =>
  ['layers/staging', 'layers/l', 'content/ingest', 'content/blobs/sha256'].flatMap((name) =>
    readdirSync(join(root, name)),
  );

test('a layer with another diff ID than announced is refused and leaves nothing', async () => {
  await using stores = await openStores();
  await assert.rejects(
    stores.layers.unpack(Readable.from([LAYER]), { signal, diffId: digestOf('other') }),
    /invalid diffID for layer/,
  );
  await stores.layers.stop();
  assert.deepEqual(leftovers(stores.root), []);
  assert.deepEqual(stores.layers.list(), []);
});

const BROKEN: [title: string, data: Buffer][] = [
  ['that is no tar', Buffer.alloc(2000, 'x')],
  ['that is cut off', LAYER.subarray(0, 1300)],
  ['whose compression is cut off', gzipSync(LAYER).subarray(0, -12)],
  ['that wants out', archive(file('../evil', 'x'))],
];

for (const [title, data] of BROKEN) {
  test(`a layer ${title} is refused and leaves nothing`, async () => {
    await using stores = await openStores();
    await assert.rejects(stores.layers.unpack(Readable.from([data]), { signal }), { code: 'invalid-parameter' });
    await stores.layers.stop();
    assert.deepEqual(leftovers(stores.root), []);
  });
}

test('a stream that fails or is cancelled in the middle leaves nothing', async () => {
  await using stores = await openStores();
  async function* failing(): AsyncGenerator<Buffer> {
    yield LAYER.subarray(0, 600);
    throw new Error('connection reset');
  }
  await assert.rejects(stores.layers.unpack(Readable.from(failing()), { signal }), /connection reset/);
  const controller = new AbortController();
  const stalled = new Readable({ read() {} });
  const unpacking = stores.layers.unpack(stalled, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('the client left')), 30);
  await assert.rejects(unpacking, /the client left/);
  stalled.destroy();
  await stores.layers.stop();
  assert.deepEqual(leftovers(stores.root), []);
});

test('the same diff on different parents is stored once', async () => {
  await using stores = await openStores();
  const { layers } = stores;
  const base = await stores.add([file('base')]);
  const other = await stores.add([file('other')]);
  const top = [file('top', '123')];
  const [a, b] = [await stores.add(top, base.chainId), await stores.add(top, other.chainId)];
  assert.equal(a.diffId, b.diffId);
  assert.notEqual(a.chainId, b.chainId);
  assert.equal(a.chainId, chainIdOf(digestOf(archive(file('base'))), digestOf(archive(...top))));
  assert.equal(layers.lowerDirectories(a.chainId)[0], layers.lowerDirectories(b.chainId)[0]);
  assert.equal(layers.diffsSizeBytes(), 3);
  await layers.remove(a.chainId);
  assert.ok(existsSync(layers.lowerDirectories(b.chainId)[0] ?? ''));
  await layers.remove(b.chainId);
  assert.equal(layers.blobDigests().length, 2);
});

test('a diff that is in one chain twice is named once', async () => {
  await using stores = await openStores();
  const same = [file('same')];
  const first = await stores.add(same);
  const middle = await stores.add([file('.wh.same')], first.chainId);
  const last = await stores.add(same, middle.chainId);
  assert.equal(stores.layers.lowerDirectories(last.chainId).length, 2);
  await stores.snapshots.create('c', { parent: last.chainId, storageOptions: {} });
  assert.ok(existsSync(join(await stores.snapshots.mount('c'), 'same')));
});

test('a layer that others stand on is not removed', async () => {
  await using stores = await openStores();
  const { layers, snapshots } = stores;
  const base = await stores.add([file('base')]);
  const top = await stores.add([file('top')], base.chainId);
  await assert.rejects(layers.remove(base.chainId), { code: 'conflict' });
  await snapshots.create('c', { parent: top.chainId, storageOptions: {} });
  await assert.rejects(layers.remove(top.chainId), { code: 'conflict' });
  await snapshots.remove('c');
  await layers.remove(top.chainId);
  await layers.remove(base.chainId);
  await layers.remove(base.chainId);
  assert.deepEqual(layers.list(), []);
  await assert.rejects(layers.unpack(Readable.from([LAYER]), { signal, parent: base.chainId }), { code: 'not-found' });
  await assert.rejects(layers.tar(base.chainId), { code: 'not-found' });
});

test('what a crash left half made is gone after the next start, and what was committed is there', async () => {
  await using stores = await openStores();
  const layer = await stores.add([file('kept', 'x')]);
  const path = (name: string): string => join(stores.root, 'layers', name);
  mkdirSync(path(`${'0'.repeat(64)}/diff`), { recursive: true });
  mkdirSync(path('staging/half/diff/deep'), { recursive: true });
  mkdirSync(path('trash/old'));
  writeFileSync(path('l/unknown'), '');
  const again = await stores.reopen();
  await again.stop();
  assert.deepEqual(readdirSync(path('staging')), []);
  assert.deepEqual(readdirSync(path('trash')), []);
  assert.equal(existsSync(path('0'.repeat(64))), false);
  assert.equal(existsSync(path('l/unknown')), false);
  assert.deepEqual(again.get(layer.chainId), layer);
  assert.ok(lstatSync(join(again.lowerDirectories(layer.chainId)[0] ?? '', 'kept')).isFile());
});

test('many layers unpacked at once are all there', async () => {
  await using stores = await openStores();
  const made = await Promise.all(Array.from({ length: 12 }, (_, i) => stores.add([file(`f${i}`, `${i}`)])));
  assert.equal(new Set(made.map(({ chainId }) => chainId)).size, 12);
  const twice = await Promise.all([stores.add([file('same')]), stores.add([file('same')])]);
  assert.deepEqual(twice[0], twice[1]);
  assert.equal(stores.layers.list().length, 13);
});

test('a layer above the limits is refused', async () => {
  await using stores = await openStores({ limits: { maxBytes: 100, maxEntries: 3 } });
  await assert.rejects(stores.add([file('a', 'x'.repeat(101))]), { code: 'invalid-parameter' });
  assert.deepEqual(stores.layers.list(), []);
});
