// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeEngine } from '#api/testing/fake-engine.ts';
import {
  CONTAINER_ID,
  EXEC_ID,
  IMAGE_ID,
  sampleExec,
  sampleImage,
  sampleInfo,
  sampleView,
} from '#api/testing/samples.ts';
import { startApi } from '#api/testing/start-api.ts';
import { assertContract, findOperation } from './assert-contract.ts';

const view = () => ({ ...sampleView(), size: { rwBytes: 10, rootFsBytes: 100 }, execIds: [EXEC_ID] });

const withManifest = () => ({
  ...sampleImage(),
  manifests: [
    {
      digest: IMAGE_ID,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      sizeBytes: 500,
      available: true,
      kind: 'image' as const,
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      contentSizeBytes: 1000,
      unpackedSizeBytes: 2000,
      containers: [],
    },
  ],
});

/** An engine in which everything exists and everything works. */
const engine = fakeEngine({
  containers: {
    list: async () => [view()],
    inspect: async () => view(),
    create: async () => ({ id: CONTAINER_ID, warnings: ['careful'] }),
    update: async () => ({ warnings: [] }),
    start: async () => {},
    stop: async () => {},
    remove: async () => {},
    resize: async () => {},
    prune: async () => ({ deleted: [CONTAINER_ID], reclaimedBytes: 7 }),
    top: async () => ({ titles: ['PID', 'CMD'], processes: [['1', 'sh']] }),
    changes: async () => [{ path: '/a', kind: 'added' }],
    stats: async () => ({ id: CONTAINER_ID, name: 'web', sample: undefined }),
    wait: async () => ({ id: CONTAINER_ID, result: Promise.resolve({ exitCode: 0 }) }),
    handOverWait: async () => false,
  },
  execs: { create: async () => EXEC_ID, inspect: async () => sampleExec() },
  images: {
    list: async () => [withManifest()],
    inspect: async () => withManifest(),
    history: async () => [{ id: IMAGE_ID, createdBy: 'RUN', tags: ['a:b'], sizeBytes: 1, comment: '' }],
    tag: async () => {},
    remove: async () => [{ untagged: 'a:b' }, { deleted: IMAGE_ID }],
    prune: async () => ({ deleted: [{ deleted: IMAGE_ID }], reclaimedBytes: 7 }),
  },
  system: {
    info: async () => sampleInfo(),
    diskUsage: async () => ({ images: [sampleImage()], layersSizeBytes: 5, containers: [view()] }),
  },
});

const CALLS: [method: string, path: string, status: number, body?: unknown][] = [
  ['GET', '/containers/json', 200],
  ['POST', '/containers/create', 201, { Image: 'a' }],
  ['GET', '/containers/web/json', 200],
  ['POST', '/containers/web/update', 200, { Memory: 1 << 26 }],
  ['POST', '/containers/web/start', 204],
  ['POST', '/containers/web/stop', 204],
  ['POST', '/containers/web/resize?h=1&w=2', 200],
  ['POST', '/containers/web/wait', 200],
  ['DELETE', '/containers/web', 204],
  ['POST', '/containers/prune', 200],
  ['GET', '/containers/web/top', 200],
  ['GET', '/containers/web/changes', 200],
  ['GET', '/containers/web/stats?stream=0', 200],
  ['POST', '/containers/web/exec', 201, { Cmd: ['a'] }],
  ['GET', `/exec/${EXEC_ID}/json`, 200],
  ['GET', '/images/json', 200],
  ['GET', '/images/a/b:c/json', 200],
  ['GET', '/images/a/json?manifests=1', 200],
  ['GET', '/images/json?manifests=1', 200],
  ['GET', '/images/a/history', 200],
  ['POST', '/images/a/tag?repo=b', 201],
  ['DELETE', '/images/a', 200],
  ['POST', '/images/prune', 200],
  ['GET', '/info', 200],
  ['GET', '/version', 200],
  ['GET', '/_ping', 200],
  ['GET', '/system/df', 200],
  ['GET', '/system/df?verbose=1', 200],
  ['GET', '/networks', 200],
  ['GET', '/networks/none', 200],
  ['DELETE', '/networks/host', 403],
  ['GET', '/networks/other', 404],
  ['GET', '/volumes', 200],
  ['GET', '/volumes/x', 404],
  ['POST', '/volumes/prune', 200],
  ['POST', '/networks/prune', 200],
  ['POST', '/build', 501],
  ['POST', '/images/create?fromImage=a', 501],
];

for (const [method, path, status, body] of CALLS) {
  test(`${method} ${path} answers ${status} as specified`, async () => {
    await using api = await startApi(engine);
    const answer = await api.call(method, path, body);
    assert.equal(answer.status, status, answer.text);
    assertContract(method, path.split('?')[0] ?? '', answer.status, answer.json ?? answer.text);
  });
}

test('the contract notices a wrong type, a field that is not specified, a wrong status and a wrong error', () => {
  const row = {
    Id: 'a',
    Containers: 1,
    Created: 1,
    Labels: {},
    ParentId: '',
    RepoDigests: [],
    RepoTags: [],
    SharedSize: 1,
    Size: 1,
  };
  assertContract('GET', '/images/json', 200, [row]);
  assert.throws(() => assertContract('GET', '/images/json', 200, [{ ...row, Size: '1' }]), /Size must be integer/);
  assert.throws(() => assertContract('GET', '/images/json', 200, [{ ...row, size: 1 }]), /additional properties/);
  assert.throws(() => assertContract('GET', '/images/json', 201, []), /may not answer 201/);
  assert.throws(() => assertContract('GET', '/images/json', 500, { error: 'x' }), /error without message/);
});

test('an operation is found by the path of a request', () => {
  assert.equal(findOperation('get', '/images/json'), 'GET /images/json');
  assert.equal(findOperation('GET', '/images/a/b/json'), 'GET /images/{name}/json');
  assert.throws(() => findOperation('GET', '/nothing'), /no GET \/nothing/);
});
