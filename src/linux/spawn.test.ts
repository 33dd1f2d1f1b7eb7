// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketPair } from '#linux/descriptor.ts';
import { reapChild, spawnProgram } from '#linux/spawn.ts';

async function reaped(pid: number): Promise<void> {
  for (let tries = 0; !reapChild(pid); tries++) {
    assert.ok(tries < 500, 'the program did not end');
    await sleep(10);
  }
}

test('a program gets its arguments, its environment and its standard input', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-spawn-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const stdin = openSync('/proc/self/cmdline', 'r');
  const script = `echo "$0|$1|$A|\${HOME-unset}" > ${directory}/out; cat > ${directory}/in`;
  await reaped(
    spawnProgram('/bin/sh', ['sh', '-c', script, 'zero', 'o n e ä'], ['A=b c', 'PATH=/usr/bin:/bin'], stdin),
  );
  closeSync(stdin);
  assert.equal(readFileSync(join(directory, 'out'), 'utf8'), 'zero|o n e ä|b c|unset\n');
  assert.deepEqual(readFileSync(join(directory, 'in')), readFileSync('/proc/self/cmdline'));
});

test('a program that is not there is an error with its name', () => {
  const [stdin, other] = socketPair();
  assert.throws(() => spawnProgram('/no/such', ['x'], [], stdin), { code: 'ENOENT', path: '/no/such' });
  closeSync(stdin);
  closeSync(other);
});

test('a child is collected when it has ended, not before', async () => {
  const [stdin, other] = socketPair();
  const pid = spawnProgram('/bin/sh', ['sh', '-c', 'read line'], [], stdin);
  closeSync(stdin);
  assert.equal(reapChild(pid), false);
  closeSync(other);
  await reaped(pid);
  assert.ok(!existsSync(`/proc/${pid}`));
  assert.equal(reapChild(pid), true);
});
