// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eachCli, RUN } from '#test/support/cli.ts';
import { run } from '#test/support/command.ts';
import { BUSYBOX } from '#test/support/daemon.ts';
import { projectRoot } from '#test/support/engine.ts';

eachCli('image commands', (cli) => {
  const file = (name: string) => join(cli.daemon().places.directory, `${cli.name}-${name}`);
  const idOf = (ref: string) => cli.ok(['image', 'inspect', '-f', '{{.Id}}', ref]);

  test('images lists what is there', async () => {
    assert.match(
      await cli.ok(['images']),
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\nhoy\/busybox +latest +[0-9a-f]{12} /,
    );
    const ids = (await cli.ok(['images', '-q', '--no-trunc'])).split('\n');
    assert.ok(ids.includes(await idOf(BUSYBOX)));
    assert.equal(await cli.ok(['images', '-q', 'no/such']), '');
  });

  test('inspect shows the configuration and two layers', async () => {
    const [image] = JSON.parse(await cli.ok(['image', 'inspect', BUSYBOX]));
    assert.match(image.Id, /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(image.Config.Cmd, ['sh']);
    assert.equal(image.RootFS.Layers.length, 2);
    assert.deepEqual([image.Os, image.RepoTags.includes(BUSYBOX)], ['linux', true]);
  });

  test('history has a row for each layer', async () => {
    const rows = (await cli.ok(['history', '--no-trunc', '--format', '{{.CreatedBy}}', BUSYBOX])).split('\n');
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /busybox-static/);
  });

  test('tag gives another name, rmi takes it away and keeps the image', async () => {
    const name = `tagged/${cli.name}:v1`;
    await cli.ok(['tag', BUSYBOX, name]);
    assert.equal(await idOf(name), await idOf(BUSYBOX));
    assert.equal(await cli.ok(['rmi', name]), `Untagged: ${name}`);
    assert.equal((await cli(['image', 'inspect', name])).code, 1);
    assert.match(
      (await cli(['tag', BUSYBOX, 'Bad Name'])).stderr,
      /invalid reference format|is not a valid repository/i,
    );
  });

  test('save and load keep every byte of the image', async () => {
    const id = await idOf(BUSYBOX);
    const name = `saved/${cli.name}:v1`;
    await cli.ok(['tag', BUSYBOX, name]);
    await cli.ok(['save', '-o', file('saved.tar'), name]);
    await cli.ok(['rmi', name]);
    assert.match(await cli.ok(['load', '-i', file('saved.tar')]), new RegExp(`Loaded image: ${name}`));
    assert.equal(await idOf(name), id);
  });

  for (const [format, command] of [
    ['gzip', 'gzip -c'],
    ['xz', 'xz -0 -c'],
    ['zstd', 'zstd -q -c'],
  ] as const) {
    test(`load takes a ${format} archive`, async () => {
      const archive = join(projectRoot, 'dist/busybox.tar');
      await run('sh', ['-c', `${command} ${archive} > ${file(format)}`]);
      assert.match(await cli.ok(['load', '-i', file(format)]), /Loaded image/);
    });
  }

  test('what is saved is accepted by skopeo', async () => {
    await cli.ok(['save', '-o', file('skopeo.tar'), BUSYBOX]);
    const { code, stdout, stderr } = await run('skopeo', [
      'inspect',
      '--config',
      `docker-archive:${file('skopeo.tar')}`,
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).config.Cmd, ['sh']);
  });

  test('import makes an image of a root file system', async () => {
    const name = `imported/${cli.name}:v1`;
    const id = await cli.ok(
      ['import', '-c', 'CMD ["cat", "/etc/debian_version"]', join(projectRoot, 'build/debian-rootfs.tar'), name],
      {
        timeoutMs: 120_000,
      },
    );
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.match(await cli.ok([...RUN, name]), /\w/);
    assert.equal(await cli.ok([...RUN, name, 'bash', '-c', 'echo $BASH']), '/usr/bin/bash');
    assert.match(await cli.ok(['rmi', name]), /Untagged: .*\nDeleted: sha256:/);
  });

  test('rmi refuses an image in use, and one that is not there', async () => {
    const name = `used/${cli.name}:v1`;
    await run('tar', ['-C', '/etc', '-cf', file('root.tar'), 'hostname', 'hosts']);
    const id = await cli.ok(['import', file('root.tar'), name]);
    const container = await cli.ok(['create', '--network', 'none', name, 'sh']);
    const refused = await cli(['rmi', name]);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /unable to remove repository reference.*\(must force\) - container [0-9a-f]+ is using its referenced image/,
    );
    await cli.ok(['rm', container]);
    assert.match(await cli.ok(['rmi', id]), /Deleted: sha256:/);
    const missing = await cli(['rmi', name]);
    assert.match(missing.stderr, new RegExp(`No such image: ${name}`));
  });

  test('image prune takes images without a name', async () => {
    await run('tar', ['-C', '/etc', '-cf', file('etc.tar'), 'hostname']);
    const id = await cli.ok(['import', file('etc.tar')]);
    const output = await cli.ok(['image', 'prune', '-f']);
    assert.match(output, new RegExp(`deleted: ${id}`));
    assert.equal((await cli(['image', 'inspect', id])).code, 1);
  });

  test('a truncated archive is refused and leaves nothing', async () => {
    const before = await cli.ok(['images', '-q', '-a']);
    await run('sh', ['-c', `head -c 1000000 ${join(projectRoot, 'dist/busybox.tar')} > ${file('cut.tar')}`]);
    assert.ok(statSync(file('cut.tar')).size === 1_000_000);
    assert.notEqual((await cli(['load', '-i', file('cut.tar')])).code, 0);
    assert.equal(await cli.ok(['images', '-q', '-a']), before);
  });
});
