// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { EngineError } from '#core/errors.ts';
import type { OciRuntime } from '#runtime/types.ts';
import { waitUntil } from '../support/wait.ts';
import { Lab, RUNTIMES } from './lab.ts';

const CODES = [0, 1, 42, 127, 255];

const IN_DOCKERS_WORDS: [args: string[], code: string, exitCode: number, message: RegExp][] = [
  [['nosuch'], 'invalid-parameter', 127, /exec: "nosuch": executable file not found in \$PATH: unknown$/],
  [['/no/such'], 'invalid-parameter', 127, /exec: "\/no\/such": stat \/no\/such: no such file or directory: unknown$/],
  [['/noexec'], 'invalid-parameter', 126, /exec: "\/noexec": permission denied: unknown$/],
  [['/adir'], 'invalid-parameter', 126, /exec: "\/adir": .*permission denied: unknown$/],
  [['/noexec/x'], 'invalid-parameter', 127, /exec: "\/noexec\/x": stat \/noexec\/x: not a directory.*: unknown$/],
  [[''], 'invalid-parameter', 127, /exec: "": executable file not found in \$PATH: unknown$/],
];

for (const runtime of RUNTIMES) describe(`with ${runtime.name}`, () => suite(runtime));

function suite(runtime: OciRuntime): void {
  test('exit codes are reported and recorded', async () => {
    await using lab = new Lab({ runtime });
    for (const exitCode of CODES) {
      const { id, shim } = await lab.run(['sh', '-c', `exit ${exitCode}`]);
      const { finishedAt, ...record } = await shim.exited;
      assert.deepEqual(record, { pid: shim.pid, exitCode, signal: 0, oomKilled: false });
      assert.ok(Math.abs(finishedAt.getTime() - Date.now()) < 5000);
      const file = JSON.parse(readFileSync(join(lab.shimDirectory(id), 'exit.json'), 'utf8'));
      assert.equal(file.exitCode, exitCode);
      await shim.release();
    }
  });

  test('a killed process counts as 128 and the signal', async () => {
    await using lab = new Lab({ runtime });
    const { shim } = await lab.run(['sleep', '100']);
    process.kill(shim.pid, 'SIGKILL');
    const { exitCode, signal } = await shim.exited;
    assert.deepEqual({ exitCode, signal }, { exitCode: 137, signal: 9 });
    await shim.release();
  });

  test('a process that handles a signal ends as it likes', async () => {
    await using lab = new Lab({ runtime });
    const script = 'trap "exit 3" HUP; echo ready; while :; do sleep 0.05; done';
    const { id, shim } = await lab.run(['sh', '-c', script]);
    await lab.waitForLog(id, 'ready\n');
    process.kill(shim.pid, 'SIGHUP');
    assert.equal((await shim.exited).exitCode, 3);
    await shim.release();
  });

  test('what cannot be started is refused in the words of Docker, and the clients stay with the caller', async () => {
    await using lab = new Lab({ runtime });
    for (const [args, code, exitCode, message] of IN_DOCKERS_WORDS) {
      const error = await lab.run(args).then(
        () => assert.fail(`${args} was started`),
        (thrown: unknown) => thrown as EngineError & { exitCode: number },
      );
      assert.ok(error instanceof EngineError, String(error));
      assert.match(
        error.message,
        /^failed to create task for container: failed to create shim task: OCI runtime create failed: \w+ create failed: /,
      );
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.exitCode], [code, exitCode], error.message);
    }
  });

  test('an exec that cannot be started leaves container and client alone', async () => {
    await using lab = new Lab({ runtime });
    const { id, shim } = await lab.run(['sleep', '100']);
    for (const [args, code, exitCode, message] of IN_DOCKERS_WORDS) {
      const error = await lab.exec(id, args).then(
        () => assert.fail(`${args} was started`),
        (thrown: unknown) => thrown as EngineError & { exitCode: number },
      );
      assert.match(error.message, /^OCI runtime exec failed: exec failed: unable to start container process: /);
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.exitCode], [code, exitCode]);
    }
    assert.ok(existsSync(`/proc/${shim.pid}`));
    await lab.remove(id);
    assert.equal((await shim.exited).exitCode, 137);
    await shim.release();
  });

  test('an exec that cannot be started leaves no zombie that counts against the limit of processes', async () => {
    await using lab = new Lab({ runtime });
    const { id, shim } = await lab.run(['sleep', '100']);
    const counter = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']
      .map((root) => `${root}${lab.cgroup}/${id}/pids.current`)
      .find((file) => existsSync(file));
    assert.ok(counter);
    await assert.rejects(lab.exec(id, ['nosuch']));
    await waitUntil('only the first process is left', () => readFileSync(counter, 'utf8') === '1\n', 500);
    await lab.remove(id);
    await shim.exited;
    await shim.release();
  });

  test('the kernel killing a process for want of memory is told', async () => {
    await using lab = new Lab({ runtime });
    const id = `oom-${runtime.name}-${process.pid}`;
    const oomFiles = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].flatMap((root) =>
      ['memory.events', 'memory.oom_control'].map((file) => `${root}${lab.cgroup}/${id}/${file}`),
    );
    const { shim } = await lab.run(['sh', '-c', 'x=x; while :; do x=$x$x; done'], {
      id,
      memoryBytes: 20_000_000,
      oomFiles,
    });
    const { exitCode, oomKilled } = await shim.exited;
    assert.deepEqual({ exitCode, oomKilled }, { exitCode: 137, oomKilled: true });
    await shim.release();
  });
}

test('a runtime that is missing is an internal error', async () => {
  await using lab = new Lab({
    runtime: { name: 'gone', path: '/nonexistent/gone', args: [], version: '', hideUnifiedCgroup: false },
  });
  await assert.rejects(lab.run(['true']), {
    code: 'invalid-parameter',
    exitCode: 127,
    message: /\/nonexistent\/gone: No such file or directory/,
  });
});

test('a runtime that dies without a word is an internal error that says so', async () => {
  await using lab = new Lab({
    runtime: { name: 'false', path: '/bin/false', args: [], version: '', hideUnifiedCgroup: false },
  });
  await assert.rejects(lab.run(['true']), {
    code: 'internal',
    exitCode: 128,
    message: /\/bin\/false ended with status 1 and no message: unknown$/,
  });
});

test('a shim that cannot use its directory is an internal error', async () => {
  await using lab = new Lab();
  const launch = await lab.prepare(['true']);
  await assert.rejects(lab.launcher.launch({ ...launch, directory: '/nonexistent' }), {
    code: 'internal',
    exitCode: 128,
  });
});
