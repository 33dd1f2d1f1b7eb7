// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writePidfile } from '#daemon/pidfile.ts';

let directory = '';
let path = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hoy-pid-'));
  path = join(directory, 'deep', 'hoyd.pid');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the file names this process and goes when it ends', () => {
  {
    using _pidfile = writePidfile(path);
    assert.equal(readFileSync(path, 'utf8'), String(process.pid));
  }
  assert.ok(!existsSync(path));
});

test('what a dead process, or something else, left there is replaced', () => {
  for (const content of ['4194305', 'gibberish', '', '-1', '0']) {
    rmSync(path, { force: true });
    {
      using _first = writePidfile(path);
    }
    writeFileSync(path, content);
    using _pidfile = writePidfile(path);
    assert.equal(readFileSync(path, 'utf8'), String(process.pid), content);
  }
});

test('an owner that has ended, and whose parent does not care, is dead', async () => {
  {
    using _made = writePidfile(path);
  }
  // The shell starts a child, and becomes a program that never waits for it before the child has ended.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = output.toString().trim();
    while (!/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(5);
    writeFileSync(path, pid);
    using _pidfile = writePidfile(path);
    assert.equal(readFileSync(path, 'utf8'), String(process.pid));
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a living owner is respected', () => {
  {
    using _made = writePidfile(path);
  }
  writeFileSync(path, '1');
  assert.throws(() => writePidfile(path), /process with PID 1 is still running$/);
  assert.equal(readFileSync(path, 'utf8'), '1');
});

test('a file that another process took over meanwhile stays', () => {
  {
    using _pidfile = writePidfile(path);
    writeFileSync(path, '1');
  }
  assert.equal(readFileSync(path, 'utf8'), '1');
});
