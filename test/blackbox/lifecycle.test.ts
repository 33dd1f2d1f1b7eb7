// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DETACHED, eachCli } from '#test/support/cli.ts';
import { BUSYBOX } from '#test/support/daemon.ts';
import { waitUntil } from '#test/support/wait.ts';

eachCli('container commands', (cli) => {
  const sleeper = (...options: string[]) => cli.ok([...DETACHED, ...options, BUSYBOX, 'sleep', '600']);
  const field = (id: string, template: string) => cli.ok(['inspect', '-f', template, id]);

  test('create, start, stop and rm take a container through its life', async () => {
    const id = await cli.ok(['create', '--network', 'none', '--name', `life-${cli.name}`, BUSYBOX, 'sleep', '600']);
    assert.equal(await field(id, '{{.State.Status}}'), 'created');
    assert.equal(await cli.ok(['start', id]), id);
    assert.equal(await field(id, '{{.State.Status}}'), 'running');
    assert.equal(await cli.ok(['stop', '-t', '1', `life-${cli.name}`]), `life-${cli.name}`);
    assert.equal(await field(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
    assert.equal(await cli.ok(['rm', id]), id);
    assert.equal((await cli(['inspect', id])).code, 1);
  });

  test('start -a shows the output and ends with the exit code', async () => {
    const id = await cli.ok(['create', '--network', 'none', BUSYBOX, 'sh', '-c', 'echo hello; exit 5']);
    const result = await cli(['start', '-a', id]);
    assert.deepEqual([result.stdout, result.code], ['hello\n', 5]);
  });

  test('stop sends the stop signal, and only that to a container that heeds it', async () => {
    const script = 'trap "echo bye; exit 0" USR1; while :; do sleep 0.05; done';
    const id = await cli.ok([...DETACHED, '--stop-signal', 'USR1', BUSYBOX, 'sh', '-c', script]);
    await cli.ok(['stop', id]);
    assert.equal(await field(id, '{{.State.ExitCode}}'), '0');
    assert.equal(await cli.ok(['logs', id]), 'bye');
  });

  test('restart gives it a new process', async () => {
    const id = await sleeper();
    const before = await field(id, '{{.State.Pid}}');
    await cli.ok(['restart', '-t', '0', id]);
    assert.notEqual(await field(id, '{{.State.Pid}}'), before);
    assert.equal(await field(id, '{{.State.Running}}'), 'true');
  });

  test('kill sends any signal by name or number', async () => {
    const id = await cli.ok([...DETACHED, BUSYBOX, 'sh', '-c', 'trap "echo one" USR1; while :; do sleep 0.05; done']);
    await cli.ok(['kill', '-s', 'USR1', id]);
    await waitUntil('the signal came', async () => (await cli.ok(['logs', id])) === 'one');
    await cli.ok(['kill', '-s', '9', id]);
    assert.equal(await cli.ok(['wait', id]), '137');
    assert.match((await cli(['kill', id])).stderr, /is not running/);
    assert.match((await cli(['kill', '-s', 'NOPE', id])).stderr, /Invalid signal: NOPE/i);
  });

  test('pause and unpause', async () => {
    const id = await sleeper();
    await cli.ok(['pause', id]);
    assert.equal(await field(id, '{{.State.Status}}'), 'paused');
    assert.match((await cli(['pause', id])).stderr, /is already paused/);
    assert.match((await cli(['exec', id, 'true'])).stderr, /is paused, unpause the container before exec/);
    await cli.ok(['unpause', id]);
    assert.equal(await field(id, '{{.State.Status}}'), 'running');
    assert.match((await cli(['unpause', id])).stderr, /is not paused/);
  });

  test('rename keeps the container and frees its name', async () => {
    const id = await sleeper('--name', `old-${cli.name}`);
    await cli.ok(['rename', `old-${cli.name}`, `new-${cli.name}`]);
    assert.equal(await field(`new-${cli.name}`, '{{.Id}}'), id);
    assert.equal((await cli(['inspect', `old-${cli.name}`])).code, 1);
  });

  test('wait waits for several', async () => {
    const first = await cli.ok([...DETACHED, BUSYBOX, 'sh', '-c', 'sleep 0.3; exit 3']);
    const second = await cli.ok([...DETACHED, BUSYBOX, 'sh', '-c', 'exit 4']);
    assert.equal(await cli.ok(['wait', first, second]), '3\n4');
  });

  test('rm refuses a running container, rm -f does not', async () => {
    const id = await sleeper();
    const refused = await cli(['rm', id]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cannot remove.*container/i);
    assert.equal(await cli.ok(['rm', '-f', id]), id);
  });

  test('top shows the processes', async () => {
    const id = await sleeper();
    const lines = (await cli.ok(['top', id])).split('\n');
    assert.match(lines[0] ?? '', /^UID +PID +PPID .*CMD/);
    assert.match(lines[1] ?? '', /sleep 600$/);
  });

  test('diff shows what was added, changed and deleted', async () => {
    const id = await cli.ok([...DETACHED, BUSYBOX, 'sh', '-c', 'touch /new; rm /etc/shadow; mkdir /d; touch /d/f']);
    await cli.ok(['wait', id]);
    const rows = (await cli.ok(['diff', id])).split('\n').sort();
    assert.deepEqual(rows, ['A /d', 'A /d/f', 'A /new', 'C /etc', 'D /etc/shadow']);
  });

  test('stats shows one row of numbers', async () => {
    const id = await sleeper('--memory', '64m');
    const template = '{{.ID}} {{.MemUsage}} {{.PIDs}}';
    assert.match(
      await cli.ok(['stats', '--no-stream', '--format', template, id]),
      /^[0-9a-f]{12,64} [\d.]+\w+ \/ 64MiB 1$/,
    );
  });

  test('update changes a limit of a running container', async () => {
    const id = await sleeper('--memory', '64m');
    await cli.ok(['update', '--memory', '32m', '--memory-swap', '64m', '--restart', 'on-failure:2', id]);
    assert.equal(await field(id, '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}'), '33554432 on-failure');
  });

  test('attach shows what comes from now on, and detaches with the keys', async () => {
    const id = await cli.ok([...DETACHED, '-i', BUSYBOX, 'sh', '-c', 'while read line; do echo "got $line"; done']);
    await using attached = cli.start(['attach', '--sig-proxy=false', id]);
    attached.process.stdin.write('one\n');
    await attached.waitFor('got one');
    attached.process.kill('SIGKILL');
    assert.equal(await field(id, '{{.State.Running}}'), 'true');
  });

  test('ps lists running containers, with -a all, and filters', async () => {
    const label = `of=${cli.name}`;
    const running = await sleeper('--label', label, '--name', `ps-${cli.name}`);
    const done = await cli.ok([...DETACHED, '--label', label, BUSYBOX, 'sh', '-c', 'exit 9']);
    await cli.ok(['wait', done]);
    const ids = (...args: string[]) => cli.ok(['ps', '-q', '--no-trunc', '--filter', `label=${label}`, ...args]);
    assert.equal(await ids(), running);
    assert.deepEqual((await ids('-a')).split('\n').sort(), [running, done].sort());
    assert.equal(await ids('-a', '--filter', 'exited=9'), done);
    assert.equal(await ids('--filter', `name=ps-${cli.name}`), running);
    assert.equal(await ids('-a', '-n', '1'), done);
    const row = await cli.ok(['ps', '-a', '--filter', `id=${done}`, '--format', '{{.Image}}|{{.Command}}|{{.Status}}']);
    assert.match(row, /^hoy\/busybox:latest\|"sh -c 'exit 9'"\|Exited \(9\) .* ago$/);
    assert.match(await cli.ok(['ps']), /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES\n/);
  });

  test('container prune removes what has ended, as the label says', async () => {
    const label = `prune=${cli.name}`;
    const done = await cli.ok([...DETACHED, '--label', label, BUSYBOX, 'true']);
    await cli.ok(['wait', done]);
    const output = await cli.ok(['container', 'prune', '-f', '--filter', `label=${label}`]);
    assert.match(output, new RegExp(`Deleted Containers:\n${done}\n`));
    assert.match(output, /Total reclaimed space: \d/);
  });
});
