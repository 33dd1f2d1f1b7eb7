// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { sharedDaemon } from '#test/support/daemon.ts';
import { directory, file, link, loadImage } from '#test/support/images.ts';

describe('an image whose files lead to the host', () => {
  const daemon = sharedDaemon();
  let host = '';
  let outside = '';

  before(() => {
    host = join(daemon().places.directory, 'host');
    outside = join(host, 'directory');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(host, 'canary'), 'canary\n');
    writeFileSync(join(host, 'passwd'), 'evil:x:1234:1234::/:/bin/sh\n');
  });

  const snapshot = () =>
    readdirSync(host, { recursive: true, encoding: 'utf8' }).map((name) => {
      const stat = lstatSync(join(host, name));
      const target = stat.isSymbolicLink() && readlinkSync(join(host, name));
      return { name, mode: stat.mode, uid: stat.uid, size: stat.size, mtimeMs: stat.mtimeMs, target };
    });

  const run = (name: string, ...args: string[]) => daemon().docker(['run', '--rm', '--network', 'none', ...args, name]);

  const cases: [what: string, members: () => Buffer[]][] = [
    ['/dev', () => [link('dev', outside)]],
    ['/dev/null', () => [directory('dev'), link('dev/null', join(host, 'canary'))]],
    ['/dev/pts', () => [directory('dev'), link('dev/pts', outside)]],
    ['/dev/console', () => [directory('dev'), link('dev/console', join(host, 'canary'))]],
    ['/dev/shm', () => [directory('dev'), link('dev/shm', outside)]],
    ['/proc', () => [link('proc', outside)]],
    ['/proc/sys', () => [directory('proc'), link('proc/sys', outside)]],
    ['/sys', () => [link('sys', outside)]],
    ['/etc', () => [link('etc', outside)]],
    ['/etc by way of /proc', () => [link('etc', '/proc/self/cwd')]],
    ['/etc/hosts', () => [directory('etc'), link('etc/hosts', join(host, 'canary'))]],
    ['/etc/hosts, by many steps up', () => [directory('etc'), link('etc/hosts', `${'../'.repeat(20)}${host}/canary`)]],
    ['/etc/resolv.conf, to what is not there', () => [directory('etc'), link('etc/resolv.conf', join(host, 'new'))]],
    ['/etc/mtab', () => [directory('etc'), link('etc/mtab', join(host, 'new'))]],
    ['/.dockerenv', () => [link('.dockerenv', join(host, 'new'))]],
    ['the target of a volume', () => [link('data', outside)]],
  ];

  for (const [index, [what, members]] of cases.entries()) {
    test(`by ${what} changes nothing there, and shows nothing of it`, async () => {
      const name = `links${index}:latest`;
      await loadImage(daemon(), name, members());
      const before = snapshot();
      const script = `cat ${host}/canary; ls ${outside}; echo x >/dev/null; echo x >/etc/hosts; echo x >/etc/resolv.conf`;
      const outputs = [
        await daemon().docker(['run', '--rm', '--network', 'none', name, 'sh', '-c', script]),
        await run(name, '--privileged'),
        await run(name, '--read-only', '--tmpfs', '/data/made'),
        await run(name, '-v', `${daemon().places.configFile}:/data/file:ro`),
      ];
      assert.deepEqual(snapshot(), before);
      for (const { stdout, code } of outputs) {
        assert.ok(!stdout.includes('canary'), stdout);
        assert.ok([0, 1, 125, 126, 127].includes(code), `${code}`);
      }
      assert.equal(readFileSync(join(host, 'canary'), 'utf8'), 'canary\n');
    });
  }

  test('by /etc/passwd: its users are unknown', async () => {
    await loadImage(daemon(), 'passwd:1', [directory('etc'), link('etc/passwd', join(host, 'passwd'))]);
    const { code, stderr } = await run('passwd:1', '-u', 'evil');
    assert.equal(code, 125);
    assert.match(stderr, /unable to find user evil: no matching entries in passwd file/);
  });
});

describe('what an image says of itself', () => {
  const daemon = sharedDaemon();

  test('a numeric user is that number, although an account has it as its name', async () => {
    const members = [directory('etc'), file('etc/passwd', '1000:x:0:0::/:/bin/sh\nother:x:2000:2000::/:/bin/sh\n')];
    await loadImage(daemon(), 'numeric:1', members, { User: '1000' });
    const { stdout } = await daemon().docker(['run', '--rm', '--network', 'none', 'numeric:1', 'id', '-u']);
    assert.equal(stdout, '1000\n');
  });

  test('labels, variables and a working directory reach no runtime, no path and no log as orders', async () => {
    const hostile = '../../../../../../tmp/x; touch /tmp/y $(touch /tmp/y) {{.ID}} %s\u0007';
    const config = {
      Labels: { 'run.oci.keep_original_groups': '1', 'run.oci.seccomp_bpf_data': 'AAAA', [hostile]: hostile },
      Env: ['PATH=/bin', `EVIL=${hostile}`, 'LD_PRELOAD=/evil.so', '_OCI_STARTPIPE=3'],
      WorkingDir: '../../../../proc/self/fd/7',
    };
    await loadImage(daemon(), 'words:1', [], config);
    const created = await daemon().api.post('/containers/create', {
      Image: 'words:1',
      Cmd: ['sh', '-c', 'pwd; grep Seccomp: /proc/self/status; echo "$EVIL"'],
      HostConfig: { NetworkMode: 'none' },
    });
    assert.equal(created.status, 201, created.text);
    const { json } = await daemon().api.get(`/containers/${created.json.Id}/json`);
    assert.equal(json.HostConfig.Annotations, undefined);
    assert.equal(json.Config.WorkingDir, '/proc/self/fd/7');
    const started = await daemon().api.post(`/containers/${created.json.Id}/start`);
    assert.notEqual(started.status, 204, 'a descriptor of the runtime was entered');
    const without = await daemon().docker([
      'run',
      '--rm',
      '--network',
      'none',
      '-w',
      '/',
      'words:1',
      'sh',
      '-c',
      'grep Seccomp: /proc/self/status; echo "$EVIL"',
    ]);
    assert.equal(without.stdout, `Seccomp:\t2\n${hostile}\n`, without.stderr);
  });

  test('orders to the runtime are refused in annotations, unless the runtime is named too', async () => {
    const create = (more: object) =>
      daemon().api.post('/containers/create', {
        Image: 'hoy/busybox',
        HostConfig: { NetworkMode: 'none', Annotations: { 'run.oci.seccomp_bpf_data': 'AAAA' }, ...more },
      });
    const refused = await create({});
    assert.equal(refused.status, 400);
    assert.match(refused.json.message, /^invalid Annotations: "run.oci.seccomp_bpf_data" is an order/);
    assert.equal((await create({ Runtime: 'runc' })).status, 201);
  });
});
