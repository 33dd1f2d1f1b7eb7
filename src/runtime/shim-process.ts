// SPDX-License-Identifier: Apache-2.0
import { reapChild } from '#linux/spawn.ts';
import type { ShimLaunch } from '#runtime/types.ts';

/**
 * The command line of a shim; it names the container, so that people find it with `ps`. `program` is a copy of the
 * runtime to be started in its place.
 */
export function shimArguments(launch: ShimLaunch, program?: string): string[] {
  const { runtime, log } = launch;
  const argv = ['hoy-shim', '--id', launch.containerId, '--dir', launch.directory, '--runtime', runtime.path];
  if (program !== undefined) argv.push('--program', program);
  for (const argument of runtime.args) argv.push('--runtime-arg', argument);
  argv.push('--root', launch.runtimeRoot);
  if (runtime.hideUnifiedCgroup) argv.push('--hide-unified-cgroup');
  if (launch.process.kind === 'init') argv.push('--bundle', launch.process.bundle);
  else argv.push('--exec', launch.process.processFile);
  if (launch.tty) argv.push('--tty');
  if (launch.consoleSize) argv.push('--size', launch.consoleSize.join('x'));
  argv.push('--stdin', launch.stdin);
  if (log.driver === 'json-file') {
    argv.push('--log', log.path, '--log-max-size', `${log.maxSizeBytes}`, '--log-max-files', `${log.maxFiles}`);
  }
  for (const file of launch.oomFiles) argv.push('--oom-file', file);
  return argv;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runtimes read variables that are meant for hoyd (`NOTIFY_SOCKET`, `LISTEN_FDS`) as their own, so they get only these. */
export function runtimeEnvironment(): string[] {
  const environment = [`PATH=${process.env.PATH || DEFAULT_PATH}`];
  for (const name of ['HOME', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'TMPDIR']) {
    if (process.env[name] !== undefined) environment.push(`${name}=${process.env[name]}`);
  }
  return environment;
}

const REAP_DELAYS_MS = [1, 10, 100, 1000, 10_000];

/** Collects a shim whose connection broke: it ends at that moment or, if it lingers for slow clients, later. */
export function reapWhenEnded(pid: number, attempt = 0): void {
  if (reapChild(pid)) return;
  const delay = REAP_DELAYS_MS[Math.min(attempt, REAP_DELAYS_MS.length - 1)];
  setTimeout(() => reapWhenEnded(pid, attempt + 1), delay).unref();
}
