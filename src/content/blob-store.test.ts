// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { BlobStore } from '#content/blob-store.ts';
import { digestOf } from '#oci/digest.ts';
import { OCI_MANIFEST } from '#oci/media-types.ts';

async function openStore(): Promise<{ store: BlobStore; root: string } & Disposable> {
  const root = mkdtempSync(join(tmpdir(), 'hoy-content-'));
  const store = new BlobStore(root);
  await store.start();
  return { store, root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

test('what was put can be read and opened under its digest', async () => {
  using opened = await openStore();
  const { store } = opened;
  const digest = await store.put(Buffer.from('hello'));
  assert.equal(digest, digestOf('hello'));
  assert.equal(await store.put(Buffer.from('hello')), digest);
  assert.equal((await store.read(digest)).toString(), 'hello');
  assert.equal((await buffer(await store.open(digest))).toString(), 'hello');
  assert.equal(await store.size(digest), 5);
  assert.deepEqual(await store.list(), [digest]);
});

test('a blob with another digest than expected is refused and leaves nothing', async () => {
  using opened = await openStore();
  const { store } = opened;
  await assert.rejects(store.put(Buffer.from('evil'), { expected: digestOf('good') }), /blob is .*, expected/);
  assert.deepEqual(await store.list(), []);
});

test('a blob that was damaged on disk is not handed out as whole', async () => {
  using opened = await openStore();
  const { store } = opened;
  const digest = await store.put(Buffer.from('hello'));
  writeFileSync(store.path(digest), 'hellO');
  await assert.rejects(store.read(digest), /is damaged on disk/);
});

test('a blob that is not there is not found, and one that is too large is not read', async () => {
  using opened = await openStore();
  const { store } = opened;
  await assert.rejects(store.read(digestOf('x')), { code: 'not-found' });
  await assert.rejects(store.open(digestOf('x')), { code: 'not-found' });
  const digest = await store.put(Buffer.alloc(100));
  await assert.rejects(store.read(digest, 99), { code: 'invalid-parameter' });
});

test('an ingest directory goes away, and one that a crash left goes at the next start', async () => {
  using opened = await openStore();
  const { store, root } = opened;
  const { path } = await store.ingestDirectory();
  writeFileSync(join(path, 'half'), 'x');
  await new BlobStore(root).start();
  assert.throws(() => readFileSync(join(path, 'half')), { code: 'ENOENT' });
  {
    await using ingest = await store.ingestDirectory();
    writeFileSync(join(ingest.path, 'file'), 'x');
    await store.adopt(join(ingest.path, 'file'), digestOf('x'));
  }
  assert.equal((await store.read(digestOf('x'))).toString(), 'x');
});

test('collecting keeps what is live or pinned', async () => {
  using opened = await openStore();
  const { store } = opened;
  const [live, pinned, dead] = [
    await store.put(Buffer.from('a')),
    await store.put(Buffer.from('b')),
    await store.put(Buffer.from('ccc')),
  ];
  const pin = store.pin([pinned]);
  const again = store.pin([pinned]);
  assert.equal(await store.collect(new Set([live])), 3);
  assert.deepEqual(new Set(await store.list()), new Set([live, pinned]));
  assert.equal(await store.has(dead), false);
  pin[Symbol.dispose]();
  pin[Symbol.dispose]();
  await store.collect(new Set([live]));
  assert.equal(await store.has(pinned), true);
  again[Symbol.dispose]();
  await store.collect(new Set([live]));
  assert.deepEqual(await store.list(), [live]);
});

test('the layout and its index are what the specification wants', async () => {
  using opened = await openStore();
  const { store, root } = opened;
  const digest = await store.put(Buffer.from('{}'));
  await store.writeIndex([
    { mediaType: OCI_MANIFEST, digest, size: 2, name: 'a:b' },
    { mediaType: OCI_MANIFEST, digest, size: 2 },
  ]);
  assert.deepEqual(JSON.parse(readFileSync(join(root, 'oci-layout'), 'utf8')), { imageLayoutVersion: '1.0.0' });
  assert.deepEqual(JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')).manifests, [
    { mediaType: OCI_MANIFEST, digest, size: 2, annotations: { 'org.opencontainers.image.ref.name': 'a:b' } },
    { mediaType: OCI_MANIFEST, digest, size: 2 },
  ]);
});
