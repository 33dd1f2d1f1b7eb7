// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EngineError } from '#core/errors.ts';
import type { OciRuntime } from '#runtime/types.ts';

const run = promisify(execFile);

const TIMEOUT_MS = 30_000;

const UNIFIED = '/sys/fs/cgroup/unified';

/**
 * Only the control groups' mounts become private: what covers the hierarchy, and what the runtime makes there, goes with
 * this namespace; other propagation stays as it is.
 */
const HIDE_UNIFIED = `mount --make-rprivate /sys/fs/cgroup && mount -t tmpfs -o size=64k none ${UNIFIED} && exec "$@"`;

/** What starts `runtime` with `args`: itself, or itself in a mount namespace without the v2 control groups. */
export function runtimeCommand(
  runtime: Pick<OciRuntime, 'path' | 'args' | 'hideUnifiedCgroup'>,
  args: readonly string[],
): string[] {
  const plain = [runtime.path, ...runtime.args, ...args];
  if (!runtime.hideUnifiedCgroup) return plain;
  return ['unshare', '--mount', '--propagation', 'unchanged', 'sh', '-c', HIDE_UNIFIED, 'sh', ...plain];
}

/** Runs a command of an OCI runtime to its end. Rejects with what it said. */
export async function runRuntime(
  runtime: Pick<OciRuntime, 'name' | 'path' | 'args' | 'hideUnifiedCgroup'>,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const [file = '', ...rest] = runtimeCommand(runtime, args);
  const running = run(file, rest, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 20 });
  running.child.stdin?.on('error', () => {});
  running.child.stdin?.end(input ?? '');
  try {
    return (await running).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new EngineError('internal', `${runtime.name} ${args.join(' ')}: ${stderr.trim() || message}`, {
      cause: error,
    });
  }
}
