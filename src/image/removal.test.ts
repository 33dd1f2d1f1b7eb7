// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { shortId } from '#core/ids.ts';
import { configOf, dockerArchive, layer, openImages, type TestImages } from '#image/image-testing.ts';
import type { ImageDeletion } from '#model/image.ts';
import { digestOf } from '#oci/digest.ts';

const [BASE, APP] = [layer('base'), layer('app')];
const IMAGE = { layers: [BASE, APP] };
const ID = digestOf(configOf(IMAGE));
const SHORT = shortId(ID);
const CONTAINER = 'c'.repeat(64);

const remove = ({ images }: TestImages, ref: string, force = false): Promise<ImageDeletion[]> =>
  images.remove(ref, { force, prune: true, platforms: [] });

const told = (deletions: ImageDeletion[]): string[] =>
  deletions.map((entry) => ('untagged' in entry ? `untagged ${entry.untagged}` : `deleted ${shortId(entry.deleted)}`));

const blobs = ({ stores }: TestImages): string[] => readdirSync(join(stores.root, 'content/blobs/sha256'));

async function withImage(...tags: string[]): Promise<TestImages> {
  const opened = await openImages();
  await opened.load(dockerArchive(IMAGE, ...tags));
  return opened;
}

test('the last name takes the image and its layers with it', async () => {
  await using opened = await withImage('x:1', 'y:1');
  assert.deepEqual(told(await remove(opened, 'x:1')), ['untagged x:1']);
  const deletions = told(await remove(opened, 'y:1'));
  assert.deepEqual(deletions.slice(0, 2), ['untagged y:1', `deleted ${SHORT}`]);
  assert.equal(deletions.length, 4);
  assert.deepEqual(blobs(opened), []);
  assert.deepEqual(opened.stores.layers.list(), []);
  assert.deepEqual(
    opened.events.map(({ action }) => action),
    ['load', 'untag', 'untag', 'delete'],
  );
  await assert.rejects(remove(opened, 'y:1'), { code: 'not-found', message: 'No such image: y:1' });
});

test('layers that another image has stay', async () => {
  await using opened = await withImage('x:1');
  await opened.load(dockerArchive({ layers: [BASE] }, 'base:1'));
  assert.equal((await remove(opened, 'x:1')).length, 3);
  assert.equal(opened.stores.layers.list().length, 1);
  assert.ok((await opened.images.resolve('base:1')).chainId);
});

test('an image with one name is removed by its ID, one with several only by force', async () => {
  await using single = await withImage('x:1');
  assert.deepEqual(told(await remove(single, SHORT)).slice(0, 2), ['untagged x:1', `deleted ${SHORT}`]);
  await using several = await withImage('x:1', 'x:2', 'y:1');
  await assert.rejects(remove(several, ID), {
    code: 'conflict',
    message: `conflict: unable to delete ${SHORT} (must be forced) - image is referenced in multiple repositories`,
  });
  assert.deepEqual(told(await remove(several, ID, true)).slice(0, 4), [
    'untagged x:1',
    'untagged x:2',
    'untagged y:1',
    `deleted ${SHORT}`,
  ]);
});

test('an image that a stopped container uses is removed only by force, and the container keeps its layers', async () => {
  await using opened = await withImage('x:1');
  const { chainId } = await opened.images.resolve('x:1');
  await opened.stores.snapshots.create('c', { parent: chainId ?? '', storageOptions: {} });
  opened.users.push({ imageId: ID, id: CONTAINER, running: false });
  await assert.rejects(remove(opened, 'x:1'), {
    code: 'conflict',
    message: `conflict: unable to remove repository reference "x:1" (must force) - container ${shortId(CONTAINER)} is using its referenced image ${SHORT}`,
  });
  await assert.rejects(remove(opened, SHORT), {
    message: `conflict: unable to delete ${SHORT} (must be forced) - image is being used by stopped container ${shortId(CONTAINER)}`,
  });
  assert.deepEqual(told(await remove(opened, 'x:1', true)), ['untagged x:1', `deleted ${SHORT}`]);
  assert.ok(existsSync(join(await opened.stores.snapshots.mount('c'), 'app')));
  await opened.stores.snapshots.remove('c');
  await opened.images.sweep();
  assert.deepEqual(opened.stores.layers.list(), []);
  assert.deepEqual(blobs(opened), []);
});

test('an image that a running container uses can not be removed, but for its name by force', async () => {
  await using opened = await withImage('x:1', 'y:1');
  opened.users.push({ imageId: ID, id: CONTAINER, running: true });
  assert.deepEqual(told(await remove(opened, 'y:1')), ['untagged y:1']);
  await assert.rejects(remove(opened, ID, true), {
    code: 'conflict',
    message: `conflict: unable to delete ${SHORT} (cannot be forced) - image is being used by running container ${shortId(CONTAINER)}`,
  });
  assert.deepEqual(told(await remove(opened, 'x:1', true)), ['untagged x:1']);
  assert.equal((await opened.images.byId(ID))?.id, ID);
});

test('pruning removes what has no name and no container, or with dangling=false everything unused', async () => {
  await using opened = await openImages();
  const prune = (filters: [string, string[]][] = []) => opened.images.prune(new Map(filters));
  await opened.load(dockerArchive({ layers: [layer('nameless', '12345')], config: { Labels: { keep: 'no' } } }));
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  await opened.load(dockerArchive({ layers: [layer('used')] }, 'used:1'));
  opened.users.push({ imageId: (await opened.images.resolve('used:1')).image.id, id: CONTAINER, running: false });
  assert.deepEqual((await prune([['label', ['other']]])).deleted, []);
  assert.deepEqual((await prune([['label!', ['keep=no']]])).deleted, []);
  assert.deepEqual((await prune([['until', ['2000-01-01']]])).deleted, []);
  const first = await prune([['until', ['1h']]]);
  assert.equal(first.reclaimedBytes, 5);
  assert.equal(first.deleted.length, 2);
  const second = await prune([['dangling', ['false']]]);
  assert.deepEqual(told(second.deleted).slice(0, 2), ['untagged x:1', `deleted ${SHORT}`]);
  assert.deepEqual(
    (
      await opened.images.list({ all: true, filters: new Map(), sharedSize: false, digests: false, manifests: false })
    ).map(({ image }) => image.repoTags),
    [['used:1']],
  );
  assert.equal(opened.events.at(-1)?.action, 'prune');
  await assert.rejects(prune([['until', ['1h', '2h']]]), /more than one until filter specified/);
  await assert.rejects(prune([['reference', ['x']]]), { message: "invalid filter 'reference'" });
});

test('one prune at a time', async () => {
  await using opened = await withImage('x:1');
  const results = await Promise.allSettled([opened.images.prune(new Map()), opened.images.prune(new Map())]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});
