// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DETACHED, eachCli } from '#test/support/cli.ts';
import { BUSYBOX } from '#test/support/daemon.ts';

eachCli('logs', (cli) => {
  const ended = async (command: string, ...options: string[]) => {
    const id = await cli.ok([...DETACHED, ...options, BUSYBOX, 'sh', '-c', command]);
    await cli.ok(['wait', id]);
    return id;
  };

  test('both streams come out apart, whole, and in order', async () => {
    const id = await ended('for i in $(seq 1 2000); do echo o$i; echo e$i >&2; done; printf "no newline"');
    const { stdout, stderr } = await cli(['logs', id]);
    const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);
    assert.equal(stdout, `${numbers.map((i) => `o${i}`).join('\n')}\nno newline`);
    assert.equal(stderr, `${numbers.map((i) => `e${i}`).join('\n')}\n`);
  });

  test('--tail takes the last lines', async () => {
    const id = await ended('seq 1 1000');
    assert.equal(await cli.ok(['logs', '--tail', '3', id]), '998\n999\n1000');
    assert.equal(await cli.ok(['logs', '--tail', '0', id]), '');
    assert.equal((await cli.ok(['logs', '--tail', 'all', id])).split('\n').length, 1000);
  });

  test('-t puts the time before each line', async () => {
    const id = await ended('echo a; echo b');
    assert.match(await cli.ok(['logs', '-t', id]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z a\n\S+Z b$/);
  });

  test('--since and --until cut a piece out', async () => {
    const id = await ended('echo a; sleep 0.3; echo b; sleep 0.3; echo c');
    const times = (await cli.ok(['logs', '-t', id])).split('\n').map((line) => line.split(' ')[0] ?? '');
    assert.equal(await cli.ok(['logs', '--since', times[1] ?? '', id]), 'b\nc');
    assert.equal(await cli.ok(['logs', '--until', times[0] ?? '', id]), 'a');
    assert.equal(await cli.ok(['logs', '--since', '1h', id]), 'a\nb\nc');
  });

  test('-f follows to the end', async () => {
    const id = await cli.ok([...DETACHED, BUSYBOX, 'sh', '-c', 'for i in 1 2 3 4 5; do echo $i; sleep 0.1; done']);
    assert.equal(await cli.ok(['logs', '-f', id]), '1\n2\n3\n4\n5');
  });

  test('a rotated log is read across its files', async () => {
    const options = ['--log-opt', 'max-size=8k', '--log-opt', 'max-file=5'];
    const id = await ended('seq 1 400', ...options);
    const lines = (await cli.ok(['logs', id])).split('\n').map(Number);
    assert.ok(lines.length > 100, `${lines.length} lines`);
    assert.deepEqual(
      lines,
      Array.from({ length: lines.length }, (_, index) => 401 - lines.length + index),
    );
    assert.deepEqual((await cli.ok(['logs', '--tail', '250', id])).split('\n').length, Math.min(250, lines.length));
  });

  test('the output of a terminal is one stream', async () => {
    const id = await ended('echo out; echo err >&2', '-t');
    assert.equal((await cli(['logs', id])).stdout, 'out\r\nerr\r\n');
  });

  test('--log-driver none keeps nothing and says so', async () => {
    const id = await ended('echo lost', '--log-driver', 'none');
    const result = await cli(['logs', id]);
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /configured logging driver does not support reading/);
  });
});
