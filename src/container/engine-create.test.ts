// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { FakeEngine } from '#container/fake-engine.ts';
import { EngineError } from '#core/errors.ts';
import type { ContainerConfig, ContainerRecord, HostConfig } from '#model/container.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '#runtime/spec/paths.ts';

interface Wish {
  name?: string;
  config?: Partial<ContainerConfig>;
  host?: Partial<HostConfig>;
}

const create = (fake: FakeEngine, { name = '', config = {}, host = {} }: Wish = {}) =>
  fake.engine.create({ name, config: containerConfig(config), hostConfig: hostConfig(host), networks: {} });

async function created(fake: FakeEngine, wish: Wish = {}): Promise<ContainerRecord> {
  const { id } = await create(fake, wish);
  return (await fake.engine.inspect(id, { size: false })).record;
}

test('a container gets a name, a host name and the engine’s defaults', async () => {
  using fake = new FakeEngine();
  const { id, name, config, hostConfig, path, args, logPath } = await created(fake);
  assert.match(name, /^[a-z]+_[a-z]+$/);
  assert.equal(config.hostname, id.slice(0, 12));
  assert.equal(hostConfig.shmSizeBytes, 64 << 20);
  assert.equal(hostConfig.ipcMode, 'private');
  assert.equal(hostConfig.cgroupnsMode, 'private');
  assert.equal(hostConfig.runtime, 'crun');
  assert.deepEqual([path, ...args], ['sh']);
  assert.ok(logPath.endsWith(`${id}-json.log`));
});

test('hidden paths are those of the time of making, and none for a privileged one', async () => {
  using fake = new FakeEngine();
  const record = await created(fake);
  assert.deepEqual(
    [record.hostConfig.maskedPaths, record.hostConfig.readonlyPaths],
    [DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS],
  );
  const open = await created(fake, { host: { privileged: true } });
  assert.equal(open.hostConfig.maskedPaths, undefined);
  const bare = await created(fake, { host: { maskedPaths: [] } });
  assert.deepEqual(bare.hostConfig.maskedPaths, []);
});

test('memory without a word on swap means as much swap again', async () => {
  using fake = new FakeEngine();
  const limited = await created(fake, { host: { memoryBytes: 64 << 20 } });
  assert.equal(limited.hostConfig.memorySwapBytes, 128 << 20);
});

test('modes that name a container keep its ID', async () => {
  using fake = new FakeEngine();
  const donor = await created(fake, { name: 'donor' });
  const modes = { networkMode: 'container:donor', ipcMode: 'container:donor', pidMode: 'container:donor' };
  const { hostConfig } = await created(fake, { host: modes });
  for (const mode of ['networkMode', 'ipcMode', 'pidMode'] as const) {
    assert.equal(hostConfig[mode], `container:${donor.id}`, mode);
  }
});

test('what can’t be made is refused in Docker’s words and leaves nothing behind', async () => {
  using fake = new FakeEngine();
  await create(fake, { name: 'taken' });
  fake.imageConfig = { cmd: [] };
  const cases: [Wish, string, RegExp][] = [
    [{ name: 'x' }, 'invalid-parameter', /^Invalid container name \(x\), only /],
    [
      { name: 'taken', config: { cmd: ['a'] } },
      'conflict',
      /^Conflict\. The container name "\/taken" is already in use/,
    ],
    [{}, 'invalid-parameter', /^no command specified$/],
    [{ config: { image: 'nope' } }, 'not-found', /^No such image: nope$/],
    [{ config: { workingDir: 'rel' } }, 'invalid-parameter', /^the working directory 'rel' is invalid/],
    [{ config: { env: ['=x'] } }, 'invalid-parameter', /^invalid environment variable: =x$/],
    [{ config: { cmd: ['a\0b'] } }, 'invalid-parameter', /contains a NUL byte$/],
    [{ config: { workingDir: '/a\0b' } }, 'invalid-parameter', /contains a NUL byte$/],
    [{ config: { stopSignal: 'SIGNOPE' } }, 'invalid-parameter', /^invalid signal: SIGNOPE$/],
    [{ host: { runtime: 'nope' } }, 'invalid-parameter', /^unknown or invalid runtime name: nope$/],
    [{ host: { networkMode: 'nope' } }, 'invalid-parameter', /^network nope not found$/],
    [{ host: { memoryBytes: 1 } }, 'invalid-parameter', /^Minimum memory limit allowed is 6MB$/],
    [
      { host: { logConfig: { driver: 'json-file', options: { nope: '1' } } } },
      'invalid-parameter',
      /^unknown log opt 'nope' for json-file log driver$/,
    ],
  ];
  for (const [wish, code, message] of cases) await assert.rejects(create(fake, wish), { code, message });
  assert.equal((await fake.engine.list({ all: true, limit: 0, size: false, filters: new Map() })).length, 1);
  assert.equal(fake.snapshots.size, 1);
});

test('a failure half-way frees the name and the layer', async () => {
  using fake = new FakeEngine();
  fake.snapshotFailure = new EngineError('internal', 'no space left on device');
  await assert.rejects(create(fake, { name: 'box' }), { message: 'no space left on device' });
  fake.snapshotFailure = undefined;
  await create(fake, { name: 'box' });
  assert.equal(fake.snapshots.size, 1);
});

test('of two that ask for one name at once, one gets it', async () => {
  using fake = new FakeEngine();
  const results = await Promise.allSettled([create(fake, { name: 'box' }), create(fake, { name: 'box' })]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('what can’t be honoured is in the warnings', async () => {
  using fake = new FakeEngine();
  const { warnings } = await create(fake, { config: { volumes: ['/data'] }, host: { networkMode: 'default' } });
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /^Volumes are not available: \/data /);
  assert.match(warnings[1] ?? '', /^Bridge networks are not available/);
});

test('rename takes a free name and gives the old one back', async () => {
  using fake = new FakeEngine();
  const { id } = await created(fake, { name: 'old' });
  await created(fake, { name: 'other' });
  await assert.rejects(fake.engine.rename('old', 'other'), {
    code: 'conflict',
    message: /^Error when allocating new name: Conflict/,
  });
  await assert.rejects(fake.engine.rename('old', 'old'), {
    message: 'Renaming a container with the same name as its current name',
  });
  await assert.rejects(fake.engine.rename('old', ' / '), { code: 'invalid-parameter' });
  await fake.engine.rename('old', '/new');
  assert.equal((await fake.engine.inspect('new', { size: false })).record.id, id);
  await created(fake, { name: 'old' });
  assert.equal(fake.events.find(({ action }) => action === 'rename')?.actor.attributes.oldName, '/old');
});

test('update changes a running container first, and keeps what was not mentioned', async () => {
  using fake = new FakeEngine();
  const { id } = await created(fake, { host: { cpuShares: 5 } });
  await fake.engine.start(id, {});
  const restartPolicy = { name: 'always', maximumRetryCount: 0, onUnhealthy: false } as const;
  await fake.engine.update(id, { resources: { memoryBytes: 32 << 20 }, restartPolicy });
  assert.deepEqual(fake.runtimeCalls, [`update ${32 << 20}`]);
  const { hostConfig } = (await fake.engine.inspect(id, { size: false })).record;
  assert.deepEqual(
    [hostConfig.memoryBytes, hostConfig.cpuShares, hostConfig.restartPolicy.name],
    [32 << 20, 5, 'always'],
  );
});

test('contradicting updates are refused', async () => {
  using fake = new FakeEngine();
  const { id } = await created(fake, { host: { cpuPeriodUs: 50_000 } });
  await assert.rejects(fake.engine.update(id, { resources: { nanoCpus: 1e9 } }), {
    code: 'conflict',
    message: /Nano CPUs cannot be updated as CPU Period has already been set$/,
  });
  const self = await created(fake, { host: { autoRemove: true } });
  const restartPolicy = { name: 'always', maximumRetryCount: 0, onUnhealthy: false } as const;
  await assert.rejects(fake.engine.update(self.id, { resources: {}, restartPolicy }), { code: 'conflict' });
});

test('a list shows what the caller wrote for the image while that still names it', async () => {
  using fake = new FakeEngine();
  const { id } = await create(fake, { config: { image: 'busybox:v1' } });
  assert.equal((await fake.engine.inspect(id, { size: false })).imageShown, 'busybox:v1');
  assert.equal((await fake.engine.inspect(id, { size: false })).record.imageManifest?.digest, 'sha256:manifest');
  const [view] = await fake.engine.list({ all: true, limit: 0, size: true, filters: new Map() });
  assert.deepEqual(view?.size, { rwBytes: 10, rootFsBytes: 1010 });
});
