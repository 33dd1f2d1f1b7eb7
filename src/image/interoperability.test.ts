// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeImageArchive } from '#image/archive-writer.ts';
import { configOf, dockerArchive, layer, openImages } from '#image/image-testing.ts';
import { digestOf } from '#oci/digest.ts';
import { hostPlatform } from '#oci/platform.ts';
import { tarEntry } from '#tar/writer.ts';

/** The archives of other tools, and what those tools say of ours. Each test runs where its tool is installed. */

function isInstalled(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function workspace(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'hoy-interop-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const run = (tool: string, ...args: string[]): string =>
  execFileSync(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const IMAGE = { layers: [layer('base'), layer('app')], config: { Cmd: ['sh'] } };
const ID = digestOf(configOf(IMAGE));
const skipSkopeo = !isInstalled('skopeo') && 'skopeo is not installed';
const skipPodman = !isInstalled('podman') && 'podman is not installed';

test('skopeo reads our store and both forms of our archives', { skip: skipSkopeo }, async () => {
  await using opened = await openImages();
  using work = workspace();
  await opened.load(dockerArchive(IMAGE, 'hoy/x:1'));
  const saved = join(work.path, 'saved.tar');
  writeFileSync(saved, await opened.save(['hoy/x:1']));
  for (const source of [
    `oci:${opened.stores.root}/content:hoy/x:1`,
    `docker-archive:${saved}`,
    `oci-archive:${saved}`,
  ]) {
    const config = run('skopeo', 'inspect', '--config', '--raw', source);
    assert.equal(digestOf(config.trim()), ID, source);
    run('skopeo', 'copy', '--insecure-policy', source, `dir:${work.path}/copy`);
  }
});

test('we read what skopeo writes, as docker-archive and as OCI layout, also compressed', {
  skip: skipSkopeo,
}, async () => {
  await using opened = await openImages();
  using work = workspace();
  const source = join(work.path, 'source.tar');
  writeFileSync(source, dockerArchive(IMAGE, 'x:1'));
  const from = ['copy', '--insecure-policy', `docker-archive:${source}`];
  run('skopeo', ...from, `docker-archive:${work.path}/d.tar:y:2`);
  run('skopeo', ...from, `oci-archive:${work.path}/o.tar:z:3`);
  assert.equal(await opened.load(readFileSync(join(work.path, 'd.tar'))), 'Loaded image: y:2\n');
  assert.equal(await opened.load(readFileSync(join(work.path, 'o.tar'))), 'Loaded image: z:3\n');
  execFileSync('xz', ['-0', `${work.path}/d.tar`]);
  assert.equal(await opened.load(readFileSync(join(work.path, 'd.tar.xz'))), 'Loaded image: y:2\n');
  assert.deepEqual(
    (await opened.images.resolve('z:3')).image.diffIds,
    IMAGE.layers.map((data) => digestOf(data)),
  );
});

test("podman loads our archive, and we load podman's", { skip: skipPodman }, async () => {
  await using opened = await openImages();
  using work = workspace();
  const podman = ['--root', `${work.path}/root`, '--runroot', `${work.path}/run`, '--storage-driver', 'vfs'];
  await opened.load(dockerArchive(IMAGE, 'hoy/x:1'));
  writeFileSync(join(work.path, 'ours.tar'), await opened.save(['hoy/x:1']));
  assert.match(run('podman', ...podman, 'load', '-i', `${work.path}/ours.tar`), /hoy\/x:1/);
  assert.equal(run('podman', ...podman, 'images', '--no-trunc', '--format', '{{.ID}}').trim(), ID);
  for (const format of ['docker-archive', 'oci-archive']) {
    run('podman', ...podman, 'save', '--format', format, '-o', `${work.path}/${format}.tar`, 'docker.io/hoy/x:1');
    assert.equal(await opened.load(readFileSync(`${work.path}/${format}.tar`)), 'Loaded image: hoy/x:1\n');
  }
});

test('an archive that is written from directories and members is loaded, and is the same each time', async () => {
  await using opened = await openImages();
  using work = workspace();
  const root = join(work.path, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/tool'), 'x'.repeat(3000), { mode: 0o755 });
  const image = {
    layers: [root, [{ entry: tarEntry({ name: 'etc/motd' }), data: Buffer.from('hello') }]],
    config: { cmd: ['/bin/tool'] },
    createdBy: ['base', 'app'],
    repoTags: ['hoy/made:latest'],
  };
  const { imageId } = await writeImageArchive(join(work.path, 'a.tar'), image);
  await writeImageArchive(join(work.path, 'b.tar'), image);
  const archive = readFileSync(join(work.path, 'a.tar'));
  assert.ok(archive.equals(readFileSync(join(work.path, 'b.tar'))));
  assert.equal(await opened.load(archive), 'Loaded image: hoy/made:latest\n');
  const found = await opened.images.resolve('hoy/made');
  assert.equal(found.image.id, imageId);
  assert.deepEqual(found.image.config.cmd, ['/bin/tool']);
  assert.deepEqual(found.image.platform, hostPlatform());
  assert.deepEqual(
    found.image.history.map(({ createdBy }) => createdBy),
    ['base', 'app'],
  );
  await opened.stores.snapshots.create('c', { parent: found.chainId ?? '', storageOptions: {} });
  const merged = await opened.stores.snapshots.mount('c');
  assert.equal(readFileSync(join(merged, 'etc/motd'), 'utf8'), 'hello');
  assert.equal(readFileSync(join(merged, 'bin/tool')).length, 3000);
});
