// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { containerTop, parsePsOutput } from '#container/top.ts';
import { parseStat, processTableFromProc } from '#container/top-proc.ts';
import { isEngineError } from '#core/errors.ts';

function start(t: TestContext, argv: string[]): number {
  const [command = '', ...rest] = argv;
  const child: ChildProcess = spawn(command, rest, { stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  });
  return child.pid ?? 0;
}

const column = (table: { titles: string[]; processes: string[][] }, title: string): (string | undefined)[] =>
  table.processes.map((row) => row[table.titles.indexOf(title)]);

test('only the processes that were asked for are listed', async (t) => {
  const pids = [start(t, ['sleep', '1000']), start(t, ['sleep', '1001'])];
  const table = await containerTop(pids, '');
  assert.deepEqual(table.titles, ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  assert.deepEqual(column(table, 'PID'), pids.map(String));
  assert.deepEqual(column(table, 'CMD'), ['sleep 1000', 'sleep 1001']);
});

test('whatever arguments ps takes can be given', async (t) => {
  const pid = start(t, ['sleep', '1000']);
  const cases: [psArguments: string, titles: string[]][] = [
    ['aux', ['USER', 'PID', '%CPU', '%MEM', 'VSZ', 'RSS', 'TTY', 'STAT', 'START', 'TIME', 'COMMAND']],
    ['-o pid,comm', ['PID', 'COMMAND']],
    ['-o pid=PID -o comm', ['PID', 'COMMAND']],
    ['  -eo   comm,pid ', ['COMMAND', 'PID']],
    // -q and f exclude each other: ps is asked for all processes.
    ['axf', ['PID', 'TTY', 'STAT', 'TIME', 'COMMAND']],
  ];
  for (const [psArguments, titles] of cases) {
    const table = await containerTop([pid], psArguments);
    assert.deepEqual(table.titles, titles, psArguments);
    assert.deepEqual(column(table, 'PID'), [String(pid)], psArguments);
  }
});

test('arguments that hide or fake the PID are refused with the words that Docker uses', async (t) => {
  const pid = start(t, ['sleep', '1000']);
  const cases: [psArguments: string, message: RegExp, code: 'invalid-parameter' | 'internal'][] = [
    ['-o comm', /^Couldn't find PID field in ps output$/, 'invalid-parameter'],
    ['-eo pid,uid=PID', /^specifying "pid,uid=PID" is not allowed$/, 'invalid-parameter'],
    ['-o uid= PID', /^specifying "uid=PID" is not allowed$/, 'invalid-parameter'],
    ['--no-such-option', /^ps: .*option/, 'internal'],
    ['a\0b', /invalid ps arguments/, 'invalid-parameter'],
    ['x'.repeat(10_000), /invalid ps arguments/, 'invalid-parameter'],
  ];
  for (const [psArguments, message, code] of cases) {
    await assert.rejects(
      containerTop([pid], psArguments),
      (error) => isEngineError(error, code) && message.test(error.message),
      psArguments.slice(0, 40),
    );
  }
});

test('no argument reaches a shell', async (t) => {
  const pid = start(t, ['sleep', '1000']);
  const directory = mkdtempSync(join(tmpdir(), 'hoy-top-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const psArguments of [
    `-ef;touch ${directory}/a`,
    `$(touch ${directory}/a)`,
    `-ef|tee ${directory}/a`,
    `> ${directory}/a`,
  ]) {
    await containerTop([pid], psArguments).catch(() => {});
  }
  assert.ok(!existsSync(join(directory, 'a')));
});

test('threads follow their process, and what hangs over belongs to the last column', () => {
  const output = 'PID TTY STAT CMD\n  7 ?   -    a  b c\n  - -   S    -\n  8 ?   -    other\n  - -   S    -\n\nx\n';
  assert.throws(() => parsePsOutput(output, [7]), /Unexpected pid 'x'/);
  assert.deepEqual(parsePsOutput(output.replace('x\n', ''), [7]).processes, [
    ['7', '?', '-', 'a b c'],
    ['-', '-', 'S', '-'],
  ]);
  assert.throws(() => parsePsOutput('', [1]), /Couldn't find PID field/);
});

test('without a ps the default columns come from /proc and say the same', async (t) => {
  const pids = [start(t, ['sleep', '1000']), start(t, ['sh', '-c', 'sleep 1002; true'])];
  const own = await processTableFromProc([...pids, 2 ** 22 + 1]);
  const ps = parsePsOutput(
    execFileSync('ps', ['-ef'], { encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C' } }),
    pids,
  );
  assert.deepEqual(own.titles, ps.titles);
  for (const title of ['UID', 'PID', 'PPID', 'TTY', 'TIME', 'CMD']) {
    assert.deepEqual(column(own, title).toSorted(), column(ps, title).toSorted(), title);
  }
});

test('when ps is not installed, top shows the default columns and refuses others', async (t) => {
  const pid = start(t, ['sleep', '1000']);
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nonexistent';
  assert.deepEqual(column(await containerTop([pid], ''), 'PID'), [String(pid)]);
  await assert.rejects(containerTop([pid], 'aux'), /ps: executable file not found in \$PATH/);
});

test('a process may be called anything', () => {
  const stat = '42 (a) b) (c) S 7 42 42 34817 42 0 0 0 0 0 150 50 0 0 20 0 1 0 12345 0 0';
  assert.deepEqual(parseStat(stat), {
    name: 'a) b) (c',
    parent: 7,
    terminal: 34_817,
    cpuSeconds: 2,
    startSeconds: 123.45,
  });
});
