// SPDX-License-Identifier: Apache-2.0
import type { ExecRecord } from '#model/container.ts';
import type { ExecInspectAnswer } from '#wire/types.gen.ts';

/** `GET /exec/{id}/json`. */
export function toExecInspect({ id, containerId, config, state }: ExecRecord): ExecInspectAnswer {
  const [entrypoint = '', ...args] = config.argv;
  return {
    ID: id,
    Running: state.status === 'running',
    ExitCode: (state.status === 'exited' ? state.exitCode : null) as number,
    ProcessConfig: {
      tty: config.tty,
      entrypoint,
      arguments: args,
      privileged: config.privileged,
      ...(config.user !== '' && { user: config.user }),
    },
    OpenStdin: config.attachStdin,
    OpenStderr: config.attachStderr,
    OpenStdout: config.attachStdout,
    CanRemove: false,
    ContainerID: containerId,
    // Docker gives the bytes of the sequence in base64.
    DetachKeys: Buffer.from(config.detachKeys).toString('base64'),
    Pid: state.status === 'created' ? 0 : state.pid,
  };
}
