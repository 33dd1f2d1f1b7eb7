// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainIds } from '#oci/chain-id.ts';
import { digestOf, isDigest, parseDigest } from '#oci/digest.ts';
import { emptyRunConfig, encodeImageConfig, parseImageConfig } from '#oci/image-config.ts';
import { parseJson } from '#oci/json.ts';
import { encodeManifest, isAttestation, parseManifestOrIndex } from '#oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '#oci/media-types.ts';
import {
  bestForPlatform,
  formatPlatform,
  isSamePlatform,
  normalizePlatform,
  parsePlatform,
  platformScore,
} from '#oci/platform.ts';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const D = digestOf('x');
const descriptor = (mediaType: string) => ({ mediaType, digest: D, size: 1 });

test('a digest is sha256 with 64 small hexadecimal digits and nothing else', () => {
  assert.equal(parseDigest(D), D);
  for (const bad of ['', 'sha256:', D.toUpperCase(), `${D}0`, `${D}\n`, 'sha512:ab', 5, null, undefined]) {
    assert.equal(isDigest(bad), false);
    assert.throws(() => parseDigest(bad), { code: 'invalid-parameter' });
  }
});

test('chain IDs follow the specification', () => {
  const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')];
  const ab = digestOf(`${a} ${b}`);
  assert.deepEqual(chainIds([a, b, c]), [a, ab, digestOf(`${ab} ${c}`)]);
  assert.deepEqual(chainIds([]), []);
});

test('JSON from outside has no prototype, and its size and depth are bounded', () => {
  const value = parseJson(bytes('{"__proto__":{"polluted":true},"a":[{"b":1}]}'), 'x') as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.deepEqual(Object.keys(value), ['__proto__', 'a']);
  assert.throws(() => parseJson(Buffer.alloc(10), 'x', 9), /x is larger than 9 bytes/);
  assert.throws(() => parseJson(bytes('['.repeat(1000) + ']'.repeat(1000)), 'x'), /nested too deeply/);
  assert.throws(() => parseJson(bytes('{'), 'x'), /x is not valid JSON/);
  assert.throws(() => parseJson(Buffer.from([0x22, 0xff, 0x22]), 'x'), /x is not valid JSON/);
});

test('a manifest is read, and what is written is read again', () => {
  const encoded = encodeManifest(descriptor(OCI_CONFIG), [descriptor(OCI_LAYER)]);
  const manifest = parseManifestOrIndex(encoded, OCI_MANIFEST);
  assert.equal(manifest.kind, 'manifest');
  assert.deepEqual(manifest.kind === 'manifest' && manifest.layers.map(({ digest }) => digest), [D]);
});

const BAD_MANIFESTS: [title: string, value: unknown][] = [
  ['no object', []],
  ['both a manifest and an index', { schemaVersion: 2, config: descriptor(OCI_CONFIG), layers: [], manifests: [] }],
  ['neither', { schemaVersion: 2 }],
  ['of schema 1', { schemaVersion: 1, config: descriptor(OCI_CONFIG), layers: [] }],
  [
    'of another type than it is referred to as',
    { schemaVersion: 2, mediaType: OCI_INDEX, config: descriptor(OCI_CONFIG), layers: [] },
  ],
  ['with layers that are no list', { schemaVersion: 2, config: descriptor(OCI_CONFIG), layers: {} }],
  ['with a negative size', { schemaVersion: 2, config: { ...descriptor(OCI_CONFIG), size: -1 }, layers: [] }],
  [
    'with a size that is no integer',
    { schemaVersion: 2, config: { ...descriptor(OCI_CONFIG), size: 1.5 }, layers: [] },
  ],
  [
    'with a digest that is a path',
    { schemaVersion: 2, config: { ...descriptor(OCI_CONFIG), digest: 'sha256:../../etc' }, layers: [] },
  ],
  [
    'with annotations that are no strings',
    { schemaVersion: 2, config: descriptor(OCI_CONFIG), layers: [], annotations: { a: 1 } },
  ],
  ['with too many layers', { schemaVersion: 2, config: descriptor(OCI_CONFIG), layers: Array(10_001).fill(0) }],
];

for (const [title, value] of BAD_MANIFESTS) {
  test(`a manifest ${title} is refused`, () => {
    assert.throws(() => parseManifestOrIndex(bytes(value), OCI_MANIFEST), { code: 'invalid-parameter' });
  });
}

test('attestations are told from images', () => {
  const document = {
    schemaVersion: 2,
    manifests: [
      { ...descriptor(OCI_MANIFEST), platform: { os: 'linux', architecture: 'amd64' } },
      { ...descriptor(OCI_MANIFEST), platform: { os: 'unknown', architecture: 'unknown' } },
      { ...descriptor(OCI_MANIFEST), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    ],
  };
  const index = parseManifestOrIndex(bytes(document));
  assert.deepEqual(index.kind === 'index' && index.manifests.map(isAttestation), [false, true, true]);
});

const CONFIG = {
  architecture: 'arm64',
  os: 'linux',
  variant: 'v8',
  created: '2024-05-06T07:08:09.123456789Z',
  author: 'me',
  config: {
    User: '1:2',
    ExposedPorts: { '80/tcp': {} },
    Env: ['A=b'],
    Entrypoint: ['/e'],
    Cmd: null,
    Volumes: { '/v': {} },
    WorkingDir: '/w',
    Labels: { __proto__x: 'y', l: '' },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'x'], Interval: 1_500_000_000, Retries: 3 },
    OnBuild: ['RUN x'],
    Shell: ['/bin/bash'],
  },
  rootfs: { type: 'layers', diff_ids: [D] },
  history: [
    { created: '2024-05-06T07:08:09Z', created_by: 'RUN x' },
    { empty_layer: true, comment: 'c' },
  ],
};

test('an image config is read with everything that clients ask for', () => {
  const config = parseImageConfig(bytes(CONFIG));
  assert.equal(config.created?.toISOString(), '2024-05-06T07:08:09.123Z');
  assert.deepEqual(config.run.healthcheck, { test: ['CMD', 'x'], intervalMs: 1500, retries: 3 });
  assert.deepEqual(config.run.exposedPorts, ['80/tcp']);
  assert.equal(config.run.cmd, undefined);
  assert.deepEqual(config.run.entrypoint, ['/e']);
  assert.deepEqual(
    config.history.map(({ emptyLayer }) => emptyLayer),
    [false, true],
  );
  assert.deepEqual(parseImageConfig(encodeImageConfig(config)), config);
});

test('an empty run configuration writes nothing', () => {
  const config = {
    platform: { os: 'linux', architecture: 'amd64' },
    author: '',
    run: emptyRunConfig(),
    diffIds: [],
    history: [],
  };
  assert.deepEqual(JSON.parse(encodeImageConfig(config).toString()), {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  });
});

const BAD_CONFIGS: [title: string, change: object][] = [
  ['without rootfs', { rootfs: undefined }],
  ['with diff IDs that are no digests', { rootfs: { diff_ids: ['../x'] } }],
  ['with more layers than can be mounted', { rootfs: { diff_ids: Array(501).fill(D) } }],
  ['with an Env that is no list', { config: { Env: 'A=b' } }],
  ['with a label that is an object', { config: { Labels: { a: {} } } }],
  ['with a date that is none', { created: 'yesterday' }],
  ['with a health check time in words', { config: { Healthcheck: { Interval: '1s' } } }],
];

for (const [title, change] of BAD_CONFIGS) {
  test(`an image config ${title} is refused`, () => {
    assert.throws(() => parseImageConfig(bytes({ ...CONFIG, ...change })), { code: 'invalid-parameter' });
  });
}

test('platforms have one spelling', () => {
  const rows: [string, string][] = [
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/AArch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['arm64', 'linux/arm64'],
  ];
  for (const [text, expected] of rows) assert.equal(formatPlatform(parsePlatform(text)), expected);
  for (const bad of ['', 'a/b/c/d', 'linux//x', 'linux/$x'])
    assert.throws(() => parsePlatform(bad), { code: 'invalid-parameter' });
});

test('of several images the one that runs best is chosen', () => {
  const of = (text: string) => normalizePlatform(parsePlatform(text));
  const choose = (host: string, ...texts: string[]) => bestForPlatform(of(host), texts, of);
  assert.equal(choose('linux/amd64', 'linux/arm64', 'linux/386', 'linux/amd64'), 'linux/amd64');
  assert.equal(choose('linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6', 'linux/arm64'), 'linux/arm/v6');
  assert.equal(choose('linux/arm64', 'linux/arm/v6', 'linux/arm/v7'), 'linux/arm/v7');
  assert.equal(choose('linux/amd64', 'linux/arm64', 'windows/amd64'), undefined);
  assert.equal(platformScore(of('linux/arm/v6'), of('linux/arm/v7')), 0);
  assert.equal(isSamePlatform({ os: 'linux', architecture: 'x86_64' }, { os: 'linux', architecture: 'amd64' }), true);
});
