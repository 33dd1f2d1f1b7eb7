// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DETACHED, eachCli, RUN } from '#test/support/cli.ts';
import { BUSYBOX } from '#test/support/daemon.ts';

eachCli('run', (cli) => {
  const shell = (command: string, ...options: string[]) => cli([...RUN, ...options, BUSYBOX, 'sh', '-c', command]);

  test('the output and error output of the command come out apart', async () => {
    const result = await shell('echo out; echo err >&2');
    assert.deepEqual([result.code, result.stdout, result.stderr], [0, 'out\n', 'err\n']);
  });

  const CODES: [what: string, command: string[], code: number, message: RegExp][] = [
    ['its own exit code', ['sh', '-c', 'exit 42'], 42, /^$/],
    ['127 for a command that is not in the image', ['no-such-command'], 127, /executable file not found in \$PATH/],
    ['127 for a path that is not in the image', ['/no/such/command'], 127, /no such file or directory/],
    ['126 for a command that is not executable', ['/etc/passwd'], 126, /permission denied/],
  ];
  for (const [what, command, code, message] of CODES) {
    test(`ends with ${what}`, async () => {
      const result = await cli([...RUN, BUSYBOX, ...command]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, message);
    });
  }

  test('an unknown flag is 125', async () => {
    const result = await cli(['run', '--no-such-flag', BUSYBOX]);
    assert.equal(result.code, 125);
    assert.match(result.stderr, /unknown flag: --no-such-flag/);
  });

  test('bytes that are piped in come out as they were', async () => {
    const bytes = randomBytes(3_000_000);
    await using command = cli.start([...RUN, '-i', BUSYBOX, 'sha256sum']);
    command.process.stdin.end(bytes);
    const { stdout } = await command.result;
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
  });

  test('the end of the input is seen, and output after it arrives', async () => {
    const result = await cli([...RUN, '-i', BUSYBOX, 'sh', '-c', 'cat; sleep 0.2; echo later'], { input: 'first\n' });
    assert.equal(result.stdout, 'first\nlater\n');
  });

  test('a terminal is given with -t', async () => {
    const result = await shell('tty; stty size', '-t');
    assert.match(result.stdout, /^\/dev\/pts\/0\r\n/);
  });

  test('environment, working directory, user and host name are as asked for', async () => {
    const options = ['-e', 'A=b c', '-w', '/var/tmp', '-u', '33', '-h', 'box'];
    const result = await shell('echo $A; pwd; id -u; id -g; hostname', ...options);
    assert.equal(result.stdout, 'b c\n/var/tmp\n33\n33\nbox\n', result.stderr);
  });

  test('a working directory that is missing is made', async () => {
    assert.equal((await shell('pwd', '-w', '/made/on/demand')).stdout, '/made/on/demand\n');
  });

  test('an environment file and the caller’s environment are read', async () => {
    const file = join(cli.daemon().places.directory, `${cli.name}.env`);
    writeFileSync(file, '# comment\nONE=1\nFROM_CALLER\n');
    const { stdout } = await cli([...RUN, '--env-file', file, BUSYBOX, 'env'], { env: { FROM_CALLER: 'yes' } });
    assert.match(stdout, /^ONE=1$/m);
    assert.match(stdout, /^FROM_CALLER=yes$/m);
  });

  test('a directory of the host is bound, read-only if asked for', async () => {
    const source = join(cli.daemon().places.directory, `bound-${cli.name}`);
    mkdirSync(source);
    writeFileSync(join(source, 'in'), 'hello');
    const result = await shell('cat /mnt/in; echo out > /mnt/out', '-v', `${source}:/mnt`);
    assert.equal(result.stdout, 'hello');
    assert.equal(readFileSync(join(source, 'out'), 'utf8'), 'out\n');
    const readOnly = await shell('echo x > /mnt/out', '-v', `${source}:/mnt:ro`);
    assert.match(readOnly.stderr, /Read-only file system/);
    assert.equal(readOnly.code, 1);
  });

  test('--mount refuses a source that is missing, -v makes it', async () => {
    const missing = join(cli.daemon().places.directory, `missing-${cli.name}`);
    const refused = await shell('true', '--mount', `type=bind,source=${missing},target=/mnt`);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /bind source path does not exist: /);
    assert.equal((await shell('ls -d /mnt', '-v', `${missing}:/mnt`)).stdout, '/mnt\n');
  });

  test('limits and isolation options reach the kernel', async () => {
    const options = ['--read-only', '--tmpfs', '/scratch:size=1m', '--ulimit', 'nofile=64:64', '--cap-drop', 'ALL'];
    const result = await shell(
      'touch /x; touch /scratch/y && ls /scratch; ulimit -n; grep CapEff /proc/self/status',
      ...options,
    );
    assert.match(result.stderr, /Read-only file system/);
    assert.equal(result.stdout, 'y\n64\nCapEff:\t0000000000000000\n');
  });

  test('--init gives the container an init that reaps', async () => {
    const script = 'cat /proc/1/comm; (sleep 0.01 &); sleep 0.2; grep -l State:.Z /proc/[0-9]*/status | wc -l';
    const result = await shell(script, '--init');
    assert.match(result.stdout, /init\n0\n$/);
  });

  test('a signal to the command line program goes to the container', async () => {
    const script = 'trap "echo got it; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
    await using command = cli.start([...RUN, BUSYBOX, 'sh', '-c', script]);
    await command.waitFor('ready');
    command.process.kill('SIGTERM');
    const result = await command.result;
    assert.equal(result.stdout, 'ready\ngot it\n');
    assert.equal(result.code, 7);
  });

  test('a name can be taken once', async () => {
    const name = `taken-${cli.name}`;
    await cli.ok([...DETACHED, '--name', name, BUSYBOX, 'sleep', '600']);
    const second = await cli([...DETACHED, '--name', name, BUSYBOX, 'true']);
    assert.equal(second.code, 125);
    assert.match(second.stderr, new RegExp(`Conflict. The container name "/${name}" is already in use by container`));
  });

  test('-d prints the ID, and the container goes on', async () => {
    const id = await cli.ok([...DETACHED, BUSYBOX, 'sleep', '600']);
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await cli.ok(['inspect', '-f', '{{.State.Running}}', id]), 'true');
  });

  test('--rm leaves nothing of the container', async () => {
    const name = `gone-${cli.name}`;
    await cli.ok([...RUN, '--name', name, BUSYBOX, 'true']);
    const { code, stderr } = await cli(['inspect', name]);
    assert.equal(code, 1);
    assert.match(stderr, /no such object: gone-/i);
  });

  test('an image that is not there is 125 and named', async () => {
    const { code, stderr } = await cli(['run', '--pull', 'never', 'no/such-image:1']);
    assert.equal(code, 125);
    assert.match(stderr, /No such image: no\/such-image:1/);
  });

  test('--cidfile is written', async () => {
    const file = join(cli.daemon().places.directory, `${cli.name}.cid`);
    const id = await cli.ok([...DETACHED, '--cidfile', file, BUSYBOX, 'true']);
    assert.equal(readFileSync(file, 'utf8'), id);
  });

  test('-a stdout shows only that', async () => {
    const result = await shell('echo out; echo err >&2', '-a', 'stdout');
    assert.deepEqual([result.stdout, result.stderr], ['out\n', '']);
  });
});
