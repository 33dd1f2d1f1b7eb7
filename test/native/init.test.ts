// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildNative, Lab, readAll } from './lab.ts';

const directory = mkdtempSync(join(tmpdir(), 'hoy-init-'));
const init = join(dirname(buildNative(directory)), 'hoy-init');
after(() => rmSync(directory, { recursive: true, force: true }));

/** As in a container: the first process of a process namespace. */
function asFirst(...command: string[]): ChildProcess {
  return spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', init, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const CODES: [name: string, command: string[], status: number][] = [
  ['success', ['true'], 0],
  ['a status', ['sh', '-c', 'exit 42'], 42],
  ['a signal', ['sh', '-c', 'kill -9 $$'], 137],
  ['a command that is missing', ['/no/such'], 127],
  ['a command that cannot be run', [join(tmpdir())], 126],
  ['an argument list after --', ['--', 'sh', '-c', 'exit 5'], 5],
  ['no command', [], 2],
];

test('the exit code is that of the command', () => {
  for (const [name, command, status] of CODES) assert.equal(spawnSync(init, command).status, status, name);
});

test('signals are passed on to the command', async () => {
  for (const signal of ['TERM', 'HUP', 'USR1', 'WINCH'] as const) {
    const child = asFirst(
      'sh',
      '-c',
      `trap 'echo got ${signal}; exit 7' ${signal}; kill -${signal} 1; while :; do sleep 0.02; done`,
    );
    const [output, [status]] = await Promise.all([
      readAll(child.stdout as NonNullable<typeof child.stdout>),
      once(child, 'exit'),
    ]);
    assert.deepEqual([output.toString(), status], [`got ${signal}\n`, 7]);
  }
});

test('orphans are taken in and do not stay as zombies', async () => {
  const script = '(sleep 0.1 &); (sleep 0.1 &); sleep 0.5; ps -eo ppid=,stat=,comm= | grep -c Z; exit 0';
  const child = asFirst('sh', '-c', script);
  const [output] = await Promise.all([readAll(child.stdout as NonNullable<typeof child.stdout>), once(child, 'exit')]);
  assert.equal(output.toString(), '0\n');
});

test('the command has the default signals and, on a terminal, the terminal', async () => {
  await using lab = new Lab();
  writeFileSync(join(lab.directory, 'rootfs/hoy-init'), spawnSync('cat', [init]).stdout, { mode: 0o755 });
  const script = 'grep -E "^Sig(Blk|Ign)" /proc/self/status; ps -o pid,comm; cat /proc/$$/stat | cut -d" " -f5,8';
  const { id, shim } = await lab.run(['/hoy-init', 'sh', '-c', script], { tty: true, stdin: 'open' });
  assert.equal((await shim.exited).exitCode, 0);
  const text = (await lab.logRecords(id)).map(({ log }) => log).join('');
  assert.match(text, /SigBlk:\s*0{16}\r\nSigIgn:\s*0{16}\r\n/);
  const [, group, foreground] = /(\d+) (\d+)\r\n$/.exec(text) ?? [];
  assert.equal(group, foreground);
  await shim.release();
});
