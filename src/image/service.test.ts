// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  configOf,
  dockerArchive,
  LayoutBuilder,
  layer,
  NOW,
  openImages,
  type TestImages,
} from '#image/image-testing.ts';
import { archive, file, link } from '#layer/layer-testing.ts';
import { digestOf, hexOf } from '#oci/digest.ts';

const ALL = { all: false, filters: new Map(), sharedSize: true, digests: false, manifests: true };
const BASE = layer('base');
const APP = layer('app');
const IMAGE = { layers: [BASE, APP], config: { Cmd: ['sh'], Labels: { tier: 'test' } } };
const ID = digestOf(configOf(IMAGE));
const signal = new AbortController().signal;

const names = async ({ images }: TestImages, filters: [string, string[]][] = []): Promise<string[]> =>
  (await images.list({ ...ALL, filters: new Map(filters) })).map(
    ({ image }) => image.repoTags.join(' ') || image.id.slice(0, 15),
  );

/** Every file that belongs to a layer or a blob. */
async function stored({ stores }: TestImages): Promise<string[]> {
  await stores.layers.stop();
  const { root } = stores;
  const layers = readdirSync(join(root, 'layers')).filter((name) => name.length === 64);
  return [
    ...layers,
    ...['layers/l', 'layers/staging', 'layers/trash', 'content/ingest', 'content/blobs/sha256'].flatMap((name) =>
      readdirSync(join(root, name)),
    ),
  ];
}

test("a docker-archive is loaded, in any compression, and says so in Docker's words", async () => {
  await using opened = await openImages();
  const good = dockerArchive(IMAGE, 'hoy/test:1', 'test:2');
  for (const compressed of [good, gzipSync(good), zstdCompressSync(good)]) {
    assert.equal(await opened.load(compressed), 'Loaded image: hoy/test:1\nLoaded image: test:2\n');
  }
  const [view, ...others] = await opened.images.list(ALL);
  assert.equal(others.length, 0);
  assert.deepEqual(view?.image.repoTags, ['hoy/test:1', 'test:2']);
  assert.equal(view?.image.id, ID);
  assert.equal(view?.image.sizeBytes, 7);
  assert.deepEqual(view?.image.config.labels, Object.assign(Object.create(null), { tier: 'test' }));
  assert.deepEqual(
    opened.events.map(({ action }) => action),
    ['load', 'load', 'load'],
  );
});

test('an image without a name is loaded by its ID', async () => {
  await using opened = await openImages();
  assert.equal(await opened.load(dockerArchive(IMAGE)), `Loaded image ID: ${ID}\n`);
  assert.equal((await opened.images.resolve(ID)).image.id, ID);
  assert.equal((await opened.images.resolve(hexOf(ID).slice(0, 12))).image.id, ID);
  assert.deepEqual(await names(opened, [['dangling', ['true']]]), [ID.slice(0, 15)]);
  assert.deepEqual(await names(opened, [['dangling', ['false']]]), []);
});

test('layers that were stored as links to each other are found', async () => {
  await using opened = await openImages();
  const image = { layers: [BASE, BASE] };
  const data = archive(
    file('c.json', configOf(image).toString()),
    file('a/layer.tar', BASE.toString('latin1')),
    link('b/layer.tar', '../a/layer.tar'),
    file(
      'manifest.json',
      JSON.stringify([{ Config: './c.json', RepoTags: ['x:y'], Layers: ['a/layer.tar', 'b/layer.tar'] }]),
    ),
  );
  assert.equal(await opened.load(data), 'Loaded image: x:y\n');
});

test('an archive of Docker before 1.10 is loaded', async () => {
  await using opened = await openImages();
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  const data = archive(
    file(`${a}/json`, JSON.stringify({ id: a, created: '2014-01-01T00:00:00Z', container_config: { Cmd: ['ADD'] } })),
    file(`${a}/layer.tar`, BASE.toString('latin1')),
    file(
      `${b}/json`,
      JSON.stringify({ id: b, parent: a, os: 'linux', architecture: 'amd64', config: { Cmd: ['old'] } }),
    ),
    file(`${b}/layer.tar`, APP.toString('latin1')),
    file('repositories', JSON.stringify({ old: { v1: b } })),
  );
  assert.equal(await opened.load(data), 'Loaded image: old:v1\n');
  const { image } = await opened.images.resolve('old:v1');
  assert.deepEqual(image.config.cmd, ['old']);
  assert.deepEqual(image.diffIds, [digestOf(BASE), digestOf(APP)]);
});

test('an OCI layout keeps an index of several platforms whole', async () => {
  await using opened = await openImages();
  const builder = new LayoutBuilder();
  const arm = builder.image({ layers: [BASE], architecture: 'arm64' });
  const amd = builder.image({ layers: [BASE, APP] });
  const missing = builder.image({ layers: [layer('s390')], architecture: 's390x' }, { without: true });
  const index = builder.index(arm, builder.index(amd), missing);
  assert.equal(await opened.load(builder.add(index, 'docker.io/library/multi:1').archive()), 'Loaded image: multi:1\n');
  const [view] = await opened.images.list(ALL);
  assert.equal(view?.image.platform.architecture, 'amd64');
  assert.deepEqual(
    view?.manifests.map(({ platform, available }) => [platform?.architecture, available]),
    [
      ['arm64', true],
      ['amd64', true],
      ['s390x', false],
    ],
  );
  const asArm = await opened.images.resolve('multi:1', { os: 'linux', architecture: 'aarch64' });
  assert.equal(asArm.image.platform.architecture, 'arm64');
  assert.equal(asArm.manifest?.digest, view?.manifests[0]?.digest);
  assert.match(asArm.manifest?.mediaType ?? '', /manifest/);
  assert.ok((asArm.manifest?.sizeBytes ?? 0) > 100);
  assert.notEqual(asArm.chainId, (await opened.images.resolve('multi:1')).chainId);
  await assert.rejects(
    opened.images.resolve('multi:1', { os: 'linux', architecture: 's390x' }),
    /was found but its platform \(linux\/amd64\) does not match the specified platform \(linux\/s390x\)/,
  );
  const saved = await opened.save(['multi:1']);
  await opened.images.remove('multi:1', { force: false, prune: true, platforms: [] });
  assert.deepEqual(await stored(opened), []);
  assert.equal(await opened.load(saved), 'Loaded image: multi:1\n');
  assert.equal((await opened.images.list(ALL))[0]?.image.targetDigest, view?.image.targetDigest);
});

test('only the platforms that are asked for are loaded', async () => {
  await using opened = await openImages();
  const builder = new LayoutBuilder();
  const index = builder.index(
    builder.image({ layers: [BASE], architecture: 'arm64' }),
    builder.image({ layers: [APP] }),
  );
  const data = builder.add(index, 'docker.io/library/multi:1').archive();
  await assert.rejects(opened.load(data, [{ os: 'linux', architecture: 'riscv64' }]), { code: 'not-found' });
  await opened.load(data, [{ os: 'linux', architecture: 'arm64' }]);
  assert.equal((await opened.images.resolve('multi:1')).image.platform.architecture, 'arm64');
});

const config = configOf(IMAGE).toString();
const layers = [file('0', BASE.toString('latin1')), file('1', APP.toString('latin1'))];
const manifest = (value: unknown): Buffer => file('manifest.json', JSON.stringify(value));
const item = { Config: 'c', RepoTags: ['x:y'], Layers: ['0', '1'] };
const whole = dockerArchive(IMAGE, 'x:y');
const layout = new LayoutBuilder();
const wrongBlob = layout.add(layout.image(IMAGE), 'docker.io/library/x:y').archive();
const at = wrongBlob.indexOf('step 0');

const REFUSED: [title: string, data: Buffer, message: RegExp][] = [
  ['that is empty', Buffer.alloc(0), /does not contain a manifest.json/],
  ['that is no tar', Buffer.from('hello '.repeat(300)), /invalid tar header/],
  ['without a manifest', archive(file('c', config)), /does not contain a manifest.json/],
  ['whose manifest is null', archive(manifest(null)), /manifest cannot be null/],
  ['whose manifest is no JSON', archive(file('manifest.json', '[{')), /not valid JSON/],
  ['whose manifest is too large', archive(file('manifest.json', ' '.repeat(5_000_000))), /too large/],
  ['whose manifest has other types', archive(manifest([{ Config: 5 }])), /expected a string/],
  ['without its config', archive(...layers, manifest([item])), /does not contain "c"/],
  ['without a layer', archive(file('c', config), manifest([item])), /does not contain "0"/],
  [
    'with a name outside',
    archive(file('c', config), ...layers, manifest([{ ...item, Config: '../../../../etc/passwd' }])),
    /does not contain/,
  ],
  ['with a link outside', archive(link('c', '/etc/passwd'), ...layers, manifest([item])), /does not contain/],
  ['with links in a circle', archive(link('c', 'd'), link('d', 'c'), ...layers, manifest([item])), /does not contain/],
  [
    'with a layer too few',
    archive(file('c', config), ...layers, manifest([{ ...item, Layers: ['0'] }])),
    /layers length mismatch: expected 1, got 2/,
  ],
  [
    'with layers in the wrong order',
    archive(file('c', config), ...layers, manifest([{ ...item, Layers: ['1', '0'] }])),
    /invalid diffID for layer 0/,
  ],
  [
    'with a layer that is no tar',
    archive(file('c', config), file('0', 'x'.repeat(600)), file('1'), manifest([item])),
    /invalid tar header/,
  ],
  ['with a name without a tag', dockerArchive(IMAGE, 'test'), /^invalid tag "test"$/],
  [
    'for another operating system',
    archive(file('c', config.replace('"linux"', '"windows"')), ...layers, manifest([item])),
    /cannot load windows image on linux/,
  ],
  [
    'with a bad name',
    archive(file('c', config), ...layers, manifest([{ ...item, RepoTags: ['UP:x'] }])),
    /must be lowercase/,
  ],
  ['that is cut off', whole.subarray(0, whole.length - 2000), /unexpected EOF/],
  ['whose compression is cut off', gzipSync(whole).subarray(0, -30), /unexpected EOF/],
  [
    'whose blob is not what its digest says',
    Buffer.concat([wrongBlob.subarray(0, at), Buffer.from('Step 0'), wrongBlob.subarray(at + 6)]),
    /blob is sha256:.*, expected/,
  ],
  [
    'of only attestations',
    new LayoutBuilder().add(layout.index(), 'docker.io/library/x:y').archive(),
    /does not contain the manifest/,
  ],
];

for (const [title, data, message] of REFUSED) {
  test(`an archive ${title} is refused and leaves nothing`, async () => {
    await using opened = await openImages();
    await assert.rejects(opened.load(data), (error: Error & { code?: string }) => {
      assert.match(error.message, message);
      assert.equal(error.code, 'invalid-parameter');
      return true;
    });
    assert.deepEqual(await names(opened), []);
    assert.deepEqual(await stored(opened), []);
  });
}

test('a client that goes away in the middle leaves nothing', async () => {
  await using opened = await openImages();
  const controller = new AbortController();
  const half = new Readable({ read() {} });
  half.push(whole.subarray(0, 4000));
  const loading = (async () => {
    for await (const _ of opened.images.load(half, { platforms: [], quiet: true, signal: controller.signal }));
  })();
  setTimeout(() => controller.abort(new Error('gone')), 50);
  await assert.rejects(loading, /gone/);
  half.destroy();
  assert.deepEqual(await stored(opened), []);
});

test('what is saved is loaded again as the same image, and the archive is the same each time', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1', 'x:2', 'y:1'));
  const before = (await opened.images.resolve('x:1')).image;
  const saved = await opened.save(['x']);
  assert.ok(saved.equals(await opened.save(['x'])));
  for (const ref of ['x:1', 'x:2', 'y:1'])
    await opened.images.remove(ref, { force: false, prune: true, platforms: [] });
  assert.deepEqual(await stored(opened), []);
  assert.equal(await opened.load(saved), 'Loaded image: x:1\nLoaded image: x:2\n');
  assert.deepEqual((await opened.images.resolve('x:1')).image, { ...before, repoTags: ['x:1', 'x:2'] });
});

test('several images go into one archive, and their common layers once', async () => {
  await using opened = await openImages();
  const big = layer('big', 'x'.repeat(100_000));
  await opened.load(dockerArchive({ layers: [big] }, 'a:1'));
  await opened.load(dockerArchive({ layers: [big, APP] }, 'b:1'));
  const saved = await opened.save(['a:1', 'b:1', 'a']);
  assert.ok(saved.length < 130_000);
  await using other = await openImages();
  assert.equal(await other.load(saved), 'Loaded image: a:1\nLoaded image: b:1\n');
  const views = await other.images.list(ALL);
  assert.deepEqual(
    views.map(({ sharedSizeBytes }) => sharedSizeBytes),
    [100_000, 100_000],
  );
  assert.equal(other.images.layersSizeBytes(), 100_003);
});

test('what can not be saved is refused before anything is sent', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  await assert.rejects(opened.save(['x:1', 'nope']), { code: 'not-found', message: 'No such image: nope:latest' });
  await assert.rejects(
    opened.save(['x:1'], [{ os: 'linux', architecture: 's390x' }]),
    /no suitable export target found for platform linux\/s390x/,
  );
});

test('an archive that is being saved is whole although its image is removed meanwhile', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  const expected = await opened.save(['x:1']);
  const stream = await opened.images.save(['x:1'], { platforms: [], signal });
  await opened.images.remove('x:1', { force: false, prune: true, platforms: [] });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  assert.ok(Buffer.concat(parts).equals(expected));
  await opened.images.sweep();
  assert.deepEqual(await stored(opened), []);
});

test('an image is found by every name that Docker accepts, and by no other', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'hoy/x:1', 'x:latest'));
  const { targetDigest } = (await opened.images.resolve('x')).image;
  for (const ref of [
    'x',
    'x:latest',
    'docker.io/library/x',
    'hoy/x:1',
    ID,
    hexOf(ID),
    hexOf(ID).slice(0, 4),
    `sha256:${hexOf(ID).slice(0, 9)}`,
    `x@${targetDigest}`,
    targetDigest,
  ]) {
    assert.equal((await opened.images.resolve(ref)).image.id, ID, ref);
  }
  const unknown: [string, string][] = [
    ['y', 'No such image: y:latest'],
    ['x:2', 'No such image: x:2'],
    [`x@${ID}`, `No such image: x@${ID}`],
    ['0'.repeat(64), `No such image: ${'0'.repeat(64)}`],
  ];
  for (const [ref, message] of unknown)
    await assert.rejects(opened.images.resolve(ref), { code: 'not-found', message });
  await assert.rejects(opened.images.resolve('X'), { code: 'invalid-parameter' });
  await assert.rejects(opened.images.resolve(''), { code: 'invalid-parameter' });
  assert.equal((await opened.images.byId(ID))?.id, ID);
  assert.equal(await opened.images.byId('sha256:00'), undefined);
});

test('a tag moves, and the image it leaves has no name any more', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive({ layers: [BASE] }, 'x:1'));
  const old = (await opened.images.resolve('x:1')).image.id;
  const output = await opened.load(dockerArchive(IMAGE, 'x:1'));
  assert.equal(
    output,
    `The image x:1 already exists, renaming the old one with ID ${old} to empty string\nLoaded image: x:1\n`,
  );
  assert.deepEqual((await opened.images.byId(old))?.repoTags, []);
  await opened.images.tag(old, { repository: 'y', tag: '' });
  assert.equal((await opened.images.resolve('y:latest')).image.id, old);
  assert.deepEqual(opened.events.at(-1), {
    type: 'image',
    action: 'tag',
    actor: { id: old, attributes: { name: 'y:latest' } },
  });
  assert.ok((await opened.images.byId(old))?.lastTaggedAt instanceof Date);
  await assert.rejects(opened.images.tag('nope', { repository: 'z', tag: '' }), {
    message: 'No such image: nope:latest',
  });
  await assert.rejects(opened.images.tag(old, { repository: 'Z', tag: '' }), /must be lowercase/);
  await assert.rejects(opened.images.tag(old, { repository: 'z', tag: 'a b' }), /invalid tag format/);
});

test('the list is filtered as Docker does', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive({ ...IMAGE, created: '2020-01-01T00:00:00Z' }, 'old:1', 'reg.io:5000/team/old:2'));
  await opened.load(dockerArchive({ layers: [APP], created: '2024-01-01T00:00:00Z' }, 'new:1'));
  const rows: [filters: [string, string[]][], expected: string[]][] = [
    [[], ['new:1', 'old:1 reg.io:5000/team/old:2']],
    [[['label', ['tier']]], ['old:1 reg.io:5000/team/old:2']],
    [[['label', ['tier=test']]], ['old:1 reg.io:5000/team/old:2']],
    [[['label', ['tier=other']]], []],
    [[['label!', ['tier']]], ['new:1']],
    [[['before', ['new:1']]], ['old:1 reg.io:5000/team/old:2']],
    [[['since', ['old:1']]], ['new:1']],
    [[['until', ['2022-01-01']]], ['old:1 reg.io:5000/team/old:2']],
    [[['until', ['24h']]], ['new:1', 'old:1 reg.io:5000/team/old:2']],
    [[['reference', ['old']]], ['old:1']],
    [[['reference', ['*/*/*:2']]], ['reg.io:5000/team/old:2']],
    [[['reference', ['n?w:*', 'docker.io/library/old']]], ['new:1', 'old:1']],
  ];
  for (const [filters, expected] of rows)
    assert.deepEqual(await names(opened, filters), expected, JSON.stringify(filters));
  await assert.rejects(names(opened, [['bogus', ['x']]]), {
    code: 'invalid-parameter',
    message: "invalid filter 'bogus'",
  });
  await assert.rejects(names(opened, [['dangling', ['maybe']]]), { code: 'invalid-parameter' });
  await assert.rejects(names(opened, [['until', ['soon']]]), { code: 'invalid-parameter' });
  await assert.rejects(names(opened, [['before', ['nope']]]), { code: 'not-found' });
  for (const pattern of ['[', 'a[b', 'a\\']) {
    await assert.rejects(names(opened, [['reference', [pattern]]]), {
      code: 'invalid-parameter',
      message: 'syntax error in pattern',
    });
  }
});

test('the history tells each step with its size, newest first', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive({ layers: [layer('a', '12345'), layer('b', '1')] }, 'x:1'));
  const rows = await opened.images.history('x:1', {});
  assert.deepEqual(
    rows.map(({ id, createdBy, sizeBytes, tags }) => [id.slice(0, 9), createdBy, sizeBytes, tags]),
    [
      [(await opened.images.resolve('x:1')).image.id.slice(0, 9), 'step 1', 1, ['x:1']],
      ['<missing>', 'step 0', 5, []],
    ],
  );
});

test('after a restart everything is there, and what belongs to nothing is removed', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  const before = await stored(opened);
  await opened.stores.content.put(Buffer.from('orphan'));
  await opened.stores.add([file('orphan')]);
  const again = await opened.restart();
  assert.equal((await again.resolve('x:1')).image.id, ID);
  assert.deepEqual((await stored(opened)).sort(), before.sort());
});

test('the layout in the data directory names every image', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'hoy/x:1', 'x:2'));
  const index = JSON.parse(readFileSync(join(opened.stores.root, 'content/index.json'), 'utf8'));
  assert.deepEqual(
    index.manifests.map((entry: { annotations: object }) => Object.values(entry.annotations)),
    [['hoy/x:1'], ['x:2']],
  );
});

test('many loads at once of images that share layers all succeed', async () => {
  await using opened = await openImages();
  const loads = Array.from({ length: 6 }, (_, i) =>
    opened.load(dockerArchive({ layers: [BASE, layer(`top${i % 3}`)] }, `img:${i}`)),
  );
  await Promise.all([...loads, opened.images.prune(new Map())]);
  assert.equal((await names(opened)).length, 3);
  for (let i = 0; i < 6; i++) assert.ok((await opened.images.resolve(`img:${i}`)).chainId);
});

test('a blob that was damaged on disk does not become part of an archive as if it were whole', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  const { targetDigest } = (await opened.images.resolve('x:1')).image;
  writeFileSync(join(opened.stores.root, 'content/blobs/sha256', targetDigest.slice(7)), '{}');
  await assert.rejects(opened.save(['x:1']), /is damaged on disk/);
});

test('times of tagging and pruning are those of the clock', async () => {
  await using opened = await openImages();
  await opened.load(dockerArchive(IMAGE, 'x:1'));
  assert.deepEqual((await opened.images.resolve('x:1')).image.lastTaggedAt, NOW);
});
