// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run } from '#test/support/command.ts';
import { BUSYBOX, expectStatus, startDaemon } from '#test/support/daemon.ts';
import { engineUnderTest, projectRoot } from '#test/support/engine.ts';
import { waitUntil } from '#test/support/wait.ts';

const hoyd = (...args: string[]) => run(engineUnderTest.command, [join(projectRoot, 'dist/hoyd.cjs'), ...args]);

describe('start and stop', () => {
  test('it stops with 0 on SIGTERM and leaves containers running, which the next one finds', async () => {
    await using daemon = await startDaemon();
    const id = await daemon.runShell('sleep 600');
    const before = (await daemon.api.get(`/containers/${id}/json`)).json.State;
    assert.equal(await daemon.stop(), 0);
    assert.ok(!existsSync(daemon.places.pidfile));
    assert.ok(existsSync(`/proc/${before.Pid}`));
    await daemon.start();
    const after = (await daemon.api.get(`/containers/${id}/json`)).json.State;
    assert.deepEqual([after.Status, after.Pid, after.StartedAt], ['running', before.Pid, before.StartedAt]);
  });

  test('with --live-restore=false it stops the containers', async () => {
    await using daemon = await startDaemon({ flags: ['--live-restore=false'] });
    const id = await daemon.runShell('trap "exit 3" TERM; while :; do sleep 0.05; done');
    const stubborn = await daemon.create({ Cmd: ['sleep', '600'], StopTimeout: 1 });
    await daemon.api.post(`/containers/${stubborn}/start`);
    assert.equal(await daemon.stop(), 0);
    await daemon.start();
    const exitCode = async (it: string) => (await daemon.api.get(`/containers/${it}/json`)).json.State.ExitCode;
    assert.deepEqual([await exitCode(id), await exitCode(stubborn)], [3, 137]);
  });

  test('the socket is for root and its group only, and the data for root', async () => {
    await using daemon = await startDaemon();
    assert.equal(statSync(daemon.places.socket).mode & 0o777, 0o660);
    assert.equal(statSync(daemon.places.dataRoot).mode & 0o007, 0);
    assert.equal(readFileSync(daemon.places.pidfile, 'utf8'), String(daemon.pid));
  });

  test('a second engine on the same roots is refused with the reason', async () => {
    await using daemon = await startDaemon();
    const { dataRoot, execRoot, directory } = daemon.places;
    const other = ['--pidfile', join(directory, 'other.pid'), '-H', `unix://${directory}/other.sock`];
    const sameData = await hoyd('--data-root', dataRoot, '--exec-root', join(directory, 'exec2'), ...other);
    assert.equal(sameData.code, 1);
    assert.match(sameData.stderr, /data is in use by another hoyd/);
    const sameExec = await hoyd('--data-root', join(directory, 'data2'), '--exec-root', execRoot, ...other);
    assert.match(sameExec.stderr, /exec is in use by another hoyd/);
    const samePid = ['--data-root', join(directory, 'data3'), '--exec-root', join(directory, 'exec3')];
    const third = await hoyd(...samePid, '--pidfile', daemon.places.pidfile, '-H', `unix://${directory}/x.sock`);
    assert.match(third.stderr, new RegExp(`process with PID ${daemon.pid} is still running`));
    assert.equal((await daemon.api.get('/_ping')).status, 200);
  });

  test('two engines live beside each other and know nothing of each other', async () => {
    await using first = await startDaemon();
    await using second = await startDaemon();
    const config = { Cmd: ['sleep', '600'] };
    const ids = [await first.create(config, 'same-name'), await second.create(config, 'same-name')];
    expectStatus(await first.api.post('/containers/same-name/start'), 204);
    expectStatus(await second.api.post('/containers/same-name/start'), 204);
    for (const [index, daemon] of [first, second].entries()) {
      const list = (await daemon.api.get('/containers/json')).json;
      assert.deepEqual(
        list.map((it: { Id: string }) => it.Id),
        [ids[index]],
      );
    }
    await first.kill();
    assert.equal((await second.api.get('/containers/same-name/json')).json.State.Running, true);
    await first.start();
    expectStatus(await first.api.delete('/containers/same-name?force=1'), 204);
    assert.equal((await second.api.get('/containers/same-name/json')).json.State.Running, true);
  });

  test('fifty stopped containers are back before a quarter of a second has passed', async () => {
    await using daemon = await startDaemon();
    await Promise.all(Array.from({ length: 50 }, () => daemon.create({ Cmd: ['true'] })));
    await daemon.stop();
    const begin = performance.now();
    await daemon.start();
    const tookMs = performance.now() - begin;
    assert.equal((await daemon.api.get('/containers/json?all=1')).json.length, 50);
    // Three times the aim, because other tests run meanwhile.
    assert.ok(tookMs < 750, `${tookMs} ms`);
  });
});

describe('configuration', () => {
  test('daemon.json is heeded, and again on SIGHUP', async () => {
    await using daemon = await startDaemon();
    const set = (config: object) => writeFileSync(daemon.places.configFile, JSON.stringify(config));
    const info = async () => (await daemon.api.get('/info')).json;
    assert.deepEqual((await info()).Labels ?? [], []);
    set({ labels: ['a=b'], 'live-restore': false });
    daemon.signal('SIGHUP');
    await waitUntil('the label is there', async () => (await info()).Labels?.includes('a=b') === true);
    assert.equal((await info()).LiveRestoreEnabled, false);
    set({ labels: 'wrong' });
    daemon.signal('SIGHUP');
    await waitUntil('the mistake is logged', () => /invalid value for .?"labels/.test(daemon.log()));
    assert.deepEqual((await info()).Labels, ['a=b']);
    set({});
    daemon.signal('SIGHUP');
    await waitUntil('live-restore is back', async () => (await info()).LiveRestoreEnabled === true);
  });

  test('defaults for containers come from the flags', async () => {
    const flags = [
      '--log-opt',
      'max-size=5m',
      '--default-shm-size',
      '8m',
      '--default-ulimit',
      'nofile=99:99',
      '--init',
    ];
    await using daemon = await startDaemon({ flags });
    const id = await daemon.runShell('ulimit -n; df -m /dev/shm | tail -1; cat /proc/1/comm');
    assert.equal(await daemon.wait(id), 0);
    const { stdout } = await daemon.docker(['logs', id]);
    assert.match(stdout, /^99\n.* 8 .*\n.*init\n$/s);
    assert.equal((await daemon.api.get(`/containers/${id}/json`)).json.HostConfig.LogConfig.Config['max-size'], '5m');
  });

  test('a wrong command line says what is wrong and starts nothing', async () => {
    for (const [args, reason] of [
      [['--nope'], /^unknown flag: --nope/],
      [['-H', 'tcp://0.0.0.0:0'], /refusing to listen on tcp:\/\/0\.0\.0\.0:0 without verified client certificates/],
      [
        [
          '--default-runtime',
          'no-such',
          '--data-root',
          '/tmp/hoy-t-none',
          '--exec-root',
          '/tmp/hoy-t-none-x',
          '--pidfile',
          '/tmp/hoy-t-none.pid',
        ],
        /no-such/,
      ],
    ] as const) {
      const { code, stderr } = await hoyd(...args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, reason);
    }
    spawnSync('rm', ['-rf', '/tmp/hoy-t-none', '/tmp/hoy-t-none-x']);
  });
});

describe('TCP', () => {
  test('with --tlsverify only a client with a certificate gets in', async () => {
    await using daemon = await startDaemon();
    const certificates = join(daemon.places.directory, 'tls');
    const made = await run('sh', [join(import.meta.dirname, '../support/make-certificates.sh'), certificates]);
    assert.equal(made.code, 0, made.stderr);
    await daemon.stop();
    const file = (name: string) => join(certificates, name);
    const tls = [
      '--tlsverify',
      '--tlscacert',
      file('ca.pem'),
      '--tlscert',
      file('server.pem'),
      '--tlskey',
      file('server-key.pem'),
    ];
    await using secured = await startDaemon({ flags: ['-H', 'tcp://127.0.0.1:23761', ...tls] });
    const client = ['--tlscacert', file('ca.pem'), '--tlscert', file('client.pem'), '--tlskey', file('client-key.pem')];
    const over = (...args: string[]) =>
      run('docker', ['-H', 'tcp://127.0.0.1:23761', '--tlsverify', ...client, ...args]);
    const result = await over('run', '--rm', '-i', '--network', 'none', BUSYBOX, 'sh', '-c', 'cat; exit 4');
    assert.deepEqual([result.code, result.stdout], [4, ''], result.stderr);
    const status = await new Promise((resolve) => {
      get({ host: '127.0.0.1', port: 23761, path: '/_ping', rejectUnauthorized: false }, ({ statusCode }) =>
        resolve(statusCode),
      ).on('error', () => resolve('refused'));
    });
    assert.equal(status, 'refused');
    assert.equal((await secured.api.get('/_ping')).status, 200);
  });
});
