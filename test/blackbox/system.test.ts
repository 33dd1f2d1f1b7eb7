// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DETACHED, eachCli, RUN } from '#test/support/cli.ts';
import { BUSYBOX } from '#test/support/daemon.ts';

eachCli('system commands', (cli) => {
  test('version tells client and server', async () => {
    const { Client, Server } = JSON.parse(await cli.ok(['version', '--format', '{{json .}}']));
    assert.ok(Client.Version);
    assert.match(Server.ApiVersion, /^1\.\d+$/);
    assert.equal(Server.Os, 'linux');
    assert.match(await cli.ok(['version']), /Server:/);
  });

  test('info describes the engine and its host', async () => {
    const info = JSON.parse(await cli.ok(['info', '--format', '{{json .}}']));
    assert.ok(info.Images >= 1);
    assert.ok(info.NCPU >= 1 && info.MemTotal > 1e8);
    assert.equal(info.LoggingDriver, 'json-file');
    assert.equal(info.LiveRestoreEnabled, true);
    assert.match(await cli.ok(['info']), /Server:\n Containers: \d+/);
  });

  test('system prune goes through all kinds of things', async () => {
    const output = await cli.ok(['system', 'prune', '-f', '--filter', 'label=nothing-has-this']);
    assert.match(output, /Total reclaimed space: 0B/);
  });

  test('events tell what happened, in order', async () => {
    const since = `${(Date.now() - 1) / 1000}`;
    const name = `events-${cli.name}`;
    await cli.ok([...RUN, '--name', name, BUSYBOX, 'true']);
    const until = `${(Date.now() + 500) / 1000}`;
    const filters = ['--filter', 'type=container', '--filter', `container=${name}`];
    const output = await cli.ok(['events', '--since', since, '--until', until, ...filters, '--format', '{{.Action}}']);
    assert.deepEqual(
      output.split('\n').filter((action) => ['create', 'start', 'die', 'destroy'].includes(action)),
      ['create', 'start', 'die', 'destroy'],
    );
  });

  test('system df counts images and containers', async () => {
    await cli.ok([...DETACHED, BUSYBOX, 'true']);
    const rows = (await cli.ok(['system', 'df', '--format', '{{.Type}} {{.TotalCount}}'])).split('\n');
    assert.match(rows[0] ?? '', /^Images [1-9]/);
    assert.match(rows[1] ?? '', /^Containers [1-9]/);
  });

  test('inspect gives what a template asks for', async () => {
    const id = await cli.ok([...DETACHED, '--label', 'a=b', '-e', 'X=1', BUSYBOX, 'true']);
    const template =
      '{{json .Config.Labels}} {{index .Config.Env 0}} {{.Path}} {{len .Args}} {{upper .HostConfig.NetworkMode}}';
    assert.equal(await cli.ok(['inspect', '-f', template, id]), '{"a":"b"} X=1 true 0 NONE');
  });
});
