// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StartAttempt, startError } from '#runtime/start-error.ts';

const CREATE = 'failed to create task for container: failed to create shim task: OCI runtime create failed: ';
const UNABLE = 'unable to start container process: exec: ';

const CASES: {
  said: string;
  command: string;
  runtime?: string;
  kind?: StartAttempt['kind'];
  message: string;
  code: string;
  exitCode: number;
}[] = [
  {
    said: 'executable file `foo` not found in $PATH: No such file or directory\n',
    command: 'foo',
    message: `${CREATE}crun create failed: ${UNABLE}"foo": executable file not found in $PATH: unknown`,
    code: 'invalid-parameter',
    exitCode: 127,
  },
  {
    said: 'executable file `/foo` not found: No such file or directory',
    command: '/foo',
    message: `${CREATE}crun create failed: ${UNABLE}"/foo": stat /foo: no such file or directory: unknown`,
    code: 'invalid-parameter',
    exitCode: 127,
  },
  {
    said: 'runc run failed: unable to start container process: exec: "foo": executable file not found in $PATH',
    command: 'foo',
    runtime: 'runc',
    message: `${CREATE}runc create failed: ${UNABLE}"foo": executable file not found in $PATH: unknown`,
    code: 'invalid-parameter',
    exitCode: 127,
  },
  {
    said: 'exec failed: unable to start container process: exec: "/x": permission denied',
    command: '/x',
    runtime: 'runc',
    kind: 'exec',
    message: `OCI runtime exec failed: exec failed: ${UNABLE}"/x": permission denied: unknown`,
    code: 'invalid-parameter',
    exitCode: 126,
  },
  {
    said: 'runc run failed: unable to start container process: exec: "/adir": is a directory',
    command: '/adir',
    runtime: 'runc',
    message: `${CREATE}runc create failed: ${UNABLE}"/adir": is a directory: permission denied: unknown`,
    code: 'invalid-parameter',
    exitCode: 126,
  },
  {
    said: 'open executable: Operation not permitted',
    command: '/adir',
    kind: 'exec',
    message: `OCI runtime exec failed: exec failed: ${UNABLE}"/adir": permission denied: unknown`,
    code: 'invalid-parameter',
    exitCode: 126,
  },
  {
    said: 'open executable: Operation not permitted',
    command: '',
    message: `${CREATE}crun create failed: ${UNABLE}"": executable file not found in $PATH: unknown`,
    code: 'invalid-parameter',
    exitCode: 127,
  },
  {
    said: 'creating `/etc/x`: Not a directory',
    command: 'sh',
    message: `${CREATE}crun create failed: creating \`/etc/x\`: Not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type: unknown`,
    code: 'invalid-parameter',
    exitCode: 127,
  },
  {
    said: 'warning: something\nwrite to `memory.max`: Device or resource busy',
    command: 'sh',
    message: `${CREATE}crun create failed: write to \`memory.max\`: Device or resource busy: unknown`,
    code: 'internal',
    exitCode: 128,
  },
];

test('what runtimes say becomes what Docker says, with its exit code', () => {
  for (const { said, command, runtime = 'crun', kind = 'init', ...expected } of CASES) {
    const { message, code, exitCode } = startError(said, { kind, runtime, command });
    assert.deepEqual({ message, code, exitCode }, expected);
  }
});
