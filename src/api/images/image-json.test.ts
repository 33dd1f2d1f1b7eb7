// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDiskUsage, type UsageType } from '#api/system/disk-usage-json.ts';
import { sampleImage, sampleView } from '#api/testing/samples.ts';
import { ApiVersion, LATEST } from '#api/version.ts';
import { toImageInspect, toImageSummary } from './image-json.ts';

const at = (version: string) => new ApiVersion(version);
const plain = (value: unknown): object => JSON.parse(JSON.stringify(value));

/** Whether a field of inspect is there, by version. */
const FIELDS: [path: string[], since: string | undefined, until: string | undefined][] = [
  [['VirtualSize'], undefined, '1.44'],
  [['Container'], undefined, '1.45'],
  [['ContainerConfig'], undefined, '1.45'],
  [['DockerVersion'], undefined, '1.52'],
  [['Author'], undefined, '1.52'],
  [['Comment'], undefined, undefined],
  [['Config', 'Hostname'], undefined, '1.50'],
  [['Config', 'OnBuild'], undefined, '1.52'],
  [['Config', 'Cmd'], undefined, undefined],
];

for (const [path, since, until] of FIELDS) {
  test(`inspect of an image has ${path.join('.')} until ${until ?? 'today'}`, () => {
    for (let minor = 24; minor <= 55; minor++) {
      const version = at(`1.${minor}`);
      const inspect = plain(toImageInspect(sampleImage(), version, false));
      const owner = path.slice(0, -1).reduce<object>((value, key) => Reflect.get(value, key), inspect);
      const expected = (!since || version.since(since)) && (!until || version.before(until));
      assert.equal(Object.hasOwn(owner, path.at(-1) ?? ''), expected, version.text);
    }
  });
}

test('an image without a date was made in the year 1 for old clients, and never for new ones', () => {
  const view = sampleImage();
  const { created: _created, ...image } = view.image;
  const created = (version: string) => toImageInspect({ ...view, image }, at(version), false).Created;
  assert.deepEqual([created('1.43'), created('1.44')], ['0001-01-01T00:00:00Z', undefined]);
});

test('an untagged image is <none> in lists until 1.42', () => {
  const view = sampleImage();
  const untagged = { ...view, image: { ...view.image, repoTags: [], repoDigests: [] } };
  assert.deepEqual(toImageSummary(untagged, at('1.42')).RepoTags, ['<none>:<none>']);
  assert.deepEqual(toImageSummary(untagged, at('1.42')).RepoDigests, ['<none>@<none>']);
  assert.deepEqual(toImageSummary(untagged, LATEST).RepoTags, []);
});

test('lists count containers since 1.51, and show manifests since 1.47', () => {
  const manifest = {
    digest: 'sha256:1',
    mediaType: 'm',
    sizeBytes: 1,
    available: true,
    kind: 'image' as const,
    platform: { os: 'linux', architecture: 'arm64' },
    contentSizeBytes: 2,
    unpackedSizeBytes: 3,
    containers: ['c'],
  };
  const view = { ...sampleImage(), manifests: [manifest] };
  assert.deepEqual([toImageSummary(view, at('1.50')).Containers, toImageSummary(view, LATEST).Containers], [-1, 2]);
  assert.equal(toImageSummary(view, at('1.46')).Manifests, undefined);
  assert.deepEqual(toImageSummary(view, LATEST).Manifests, [
    {
      ID: 'sha256:1',
      Descriptor: { mediaType: 'm', digest: 'sha256:1', size: 1, platform: { os: 'linux', architecture: 'arm64' } },
      Available: true,
      Size: { Content: 2, Total: 5 },
      Kind: 'image',
      ImageData: { Platform: { os: 'linux', architecture: 'arm64' }, Size: { Unpacked: 3 }, Containers: ['c'] },
    },
  ]);
});

const ALL = new Set<UsageType>(['image', 'container', 'volume', 'build-cache']);
const usage = () => ({
  images: [sampleImage(), { ...sampleImage(), containers: 0 }],
  layersSizeBytes: 2_000_000,
  containers: [{ ...sampleView(), size: { rwBytes: 5, rootFsBytes: 9 } }],
});

const SHAPES: [version: string, verbose: boolean, keys: string[]][] = [
  ['1.41', false, ['LayersSize', 'Images', 'Containers', 'Volumes', 'BuildCache', 'BuilderSize']],
  ['1.51', false, ['LayersSize', 'Images', 'Containers', 'Volumes', 'BuildCache']],
  [
    '1.52',
    false,
    [
      'LayersSize',
      'Images',
      'Containers',
      'Volumes',
      'BuildCache',
      'ImageUsage',
      'ContainerUsage',
      'VolumeUsage',
      'BuildCacheUsage',
    ],
  ],
  ['1.52', true, ['ImageUsage', 'ContainerUsage', 'VolumeUsage', 'BuildCacheUsage']],
];

for (const [version, verbose, keys] of SHAPES) {
  test(`disk usage in ${version}${verbose ? ', verbose,' : ''} has ${keys.length} parts`, () => {
    assert.deepEqual(Object.keys(toDiskUsage(usage(), { types: ALL, verbose, version: at(version) })), keys);
  });
}

test('sums of disk usage tell what a prune would give back', () => {
  const sums = plain(toDiskUsage(usage(), { types: ALL, verbose: false, version: LATEST }));
  assert.deepEqual(Reflect.get(sums, 'ImageUsage'), {
    ActiveCount: 1,
    TotalCount: 2,
    Reclaimable: 765_433,
    TotalSize: 2_000_000,
  });
  assert.deepEqual(Reflect.get(sums, 'ContainerUsage'), {
    ActiveCount: 1,
    TotalCount: 1,
    Reclaimable: 0,
    TotalSize: 5,
  });
});

test('disk usage counts the users of images for old clients too', () => {
  const old = plain(toDiskUsage(usage(), { types: ALL, verbose: false, version: at('1.40') }));
  assert.deepEqual(
    (Reflect.get(old, 'Images') as { Containers: number }[]).map(({ Containers }) => Containers),
    [2, 0],
  );
});

test('only the types that were asked for are told', () => {
  const one = toDiskUsage(usage(), { types: new Set<UsageType>(['container']), verbose: true, version: LATEST });
  assert.deepEqual(Object.keys(one), ['ContainerUsage']);
});
