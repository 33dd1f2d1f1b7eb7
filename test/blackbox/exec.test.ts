// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DETACHED, eachCli } from '#test/support/cli.ts';
import { BUSYBOX } from '#test/support/daemon.ts';
import { waitUntil } from '#test/support/wait.ts';

eachCli('exec', (cli) => {
  let id = '';
  before(async () => {
    id = await cli.ok([...DETACHED, '-e', 'OWN=1', '-w', '/tmp', BUSYBOX, 'sleep', '600']);
  });

  test('runs a command beside the container’s, with its environment and directory', async () => {
    const result = await cli(['exec', id, 'sh', '-c', 'echo $OWN; pwd; echo err >&2; exit 3']);
    assert.deepEqual([result.stdout, result.stderr, result.code], ['1\n/tmp\n', 'err\n', 3]);
  });

  test('user, directory and environment can be other', async () => {
    const options = ['-u', 'daemon', '-w', '/var', '-e', 'X=y'];
    assert.equal(await cli.ok(['exec', ...options, id, 'sh', '-c', 'id -un; pwd; echo $X']), 'daemon\n/var\ny');
  });

  test('what is piped in is read to its end', async () => {
    assert.equal(await cli.ok(['exec', '-i', id, 'wc', '-c'], { input: 'x'.repeat(100_000) }), '100000');
  });

  test('-d returns at once and the command runs on', async () => {
    await cli.ok(['exec', '-d', id, 'sh', '-c', `sleep 0.1; touch /tmp/done-${cli.name}`]);
    await waitUntil(
      'the command has run',
      async () => (await cli(['exec', id, 'ls', `/tmp/done-${cli.name}`])).code === 0,
    );
  });

  test('-t gives a terminal', async () => {
    assert.match((await cli(['exec', '-t', id, 'tty'])).stdout, /^\/dev\/pts\/\d+\r\n$/);
  });

  test('--privileged has every capability, a plain one has the default ones', async () => {
    const capabilities = (...options: string[]) =>
      cli.ok(['exec', ...options, id, 'grep', 'CapEff', '/proc/self/status']);
    assert.equal(await capabilities(), 'CapEff:\t00000000a80425fb');
    assert.notEqual(await capabilities('--privileged'), 'CapEff:\t00000000a80425fb');
  });

  const FAILURES: [what: string, args: string[], code: number, message: RegExp][] = [
    ['a command that is not there', ['no-such-command'], 127, /executable file not found in \$PATH/],
    ['a file that cannot be executed', ['/etc/passwd'], 126, /permission denied/],
  ];
  for (const [what, args, code, message] of FAILURES) {
    test(`${what} ends with ${code}`, async () => {
      const result = await cli(['exec', id, ...args]);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stdout + result.stderr, message);
    });
  }

  test('an unknown user ends with 126', async () => {
    const result = await cli(['exec', '-u', 'nobody-knows', id, 'true']);
    assert.equal(result.code, 126);
    assert.match(result.stdout + result.stderr, /unable to find user nobody-knows/);
  });

  test('a container that is not there, or not running, is an error', async () => {
    const missing = await cli(['exec', 'no-such', 'true']);
    assert.deepEqual([missing.code, /No such container: no-such/.test(missing.stderr)], [1, true], missing.stderr);
    const stopped = await cli.ok(['create', '--network', 'none', BUSYBOX, 'true']);
    const refused = await cli(['exec', stopped, 'true']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /container [0-9a-f]+ is not running/i);
  });
});
