// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { errnoName, LinuxError } from '#linux/errno.ts';
import * as process_ from '#linux/process.ts';
import { statfs } from '#linux/statfs.ts';
import { syncfs } from '#linux/sync.ts';

test('limits are those the shell sees', () => {
  const seen = execFileSync('sh', ['-c', 'ulimit -n; ulimit -Hn; ulimit -v'], { encoding: 'utf8' }).trim().split('\n');
  const nofile = process_.getRlimit('nofile');
  assert.deepEqual([`${nofile.soft}`, `${nofile.hard}`], seen.slice(0, 2));
  assert.equal(
    process_.getRlimit('as').soft,
    seen[2] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(seen[2]) * 1024,
  );
  assert.throws(() => process_.getRlimit('nofile', 2 ** 22 + 1), { code: 'ESRCH' });
});

test('capability sets agree with prctl', () => {
  const PR_CAPBSET_READ = 23;
  const { bounding } = process_.capabilitySets();
  for (let capability = 0; capability <= 40; capability++) {
    assert.equal(
      (bounding >> BigInt(capability)) & 1n,
      BigInt(process_.prctl(PR_CAPBSET_READ, capability)),
      `${capability}`,
    );
  }
  assert.throws(() => process_.prctl(PR_CAPBSET_READ, 1000), { code: 'EINVAL' });
});

test('a pidfd signals the process it was opened for', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pidfd = process_.pidfdOpen(child.pid ?? 0);
  process_.pidfdSendSignal(pidfd, 15);
  const [, signal] = (await once(child, 'exit')) as [number, string];
  assert.equal(signal, 'SIGTERM');
  assert.throws(() => process_.pidfdSendSignal(pidfd, 0), { code: 'ESRCH' });
  closeSync(pidfd);
});

test('a file system is synced, and what cannot be is an error', async () => {
  await syncfs(tmpdir());
  await assert.rejects(syncfs('/nonexistent/hoy'), { code: 'ENOENT' });
});

test('statfs tells the size that df tells', () => {
  const [, blocks] = execFileSync('stat', ['-f', '-c', '%t %b', '/'], { encoding: 'utf8' }).trim().split(' ');
  const stat = statfs('/');
  assert.equal(stat.totalBytes / BigInt(stat.blockSize), BigInt(blocks ?? 0));
  assert.ok(stat.availableBytes <= stat.freeBytes && stat.freeBytes <= stat.totalBytes);
});

test('system calls work in a worker thread, beside those of the main thread', async () => {
  const code = `
    import { parentPort } from 'node:worker_threads';
    import { statfs } from '#linux/statfs.ts';
    import { umount } from '#linux/mount.ts';
    let code; try { umount('/nonexistent/hoy'); } catch (error) { code = error.code; }
    parentPort.postMessage([statfs('/proc').type, code]);`;
  const from = new URL('./worker-under-test.mjs', import.meta.url);
  const worker = new Worker(
    new URL(`data:text/javascript,${encodeURIComponent(code.replaceAll("'#linux/", `'${new URL('.', from)}`))}`),
  );
  const [message] = (await once(worker, 'message')) as [[number, string]];
  assert.deepEqual(message, [0x9fa0, 'ENOENT']);
  await worker.terminate();
});

test('an errno has the name that Node gives it', () => {
  assert.equal(errnoName(16), 'EBUSY');
  assert.equal(errnoName(5000), 'E5000');
  assert.equal(new LinuxError(2, 'open', 'a"b').message, 'open "a\\"b": ENOENT');
  assert.ok(readFileSync('/proc/self/status', 'utf8').length > 0);
});
