// SPDX-License-Identifier: Apache-2.0
import type { DaemonConfig } from '#daemon/config/config.ts';

/** What a running engine takes from a changed daemon.json on SIGHUP. */
const RELOADABLE = [
  'debug',
  'logLevel',
  'labels',
  'liveRestore',
  'shutdownTimeoutSeconds',
  'maxConcurrentDownloads',
  'maxConcurrentUploads',
  'maxDownloadAttempts',
  'insecureRegistries',
  'registryMirrors',
  'defaultRuntime',
  'runtimes',
  'features',
] as const satisfies readonly (keyof DaemonConfig)[];

/**
 * Takes the reloadable values of `next` into `current`, which the running parts hold, and returns the names of the
 * settings that differ as well but wait for a restart.
 */
export function applyReload(current: DaemonConfig, next: DaemonConfig): string[] {
  const reloadable = new Set<string>(RELOADABLE);
  const names = new Set([...Object.keys(current), ...Object.keys(next)]) as Set<keyof DaemonConfig>;
  const waiting = [...names].filter(
    (name) => !reloadable.has(name) && JSON.stringify(current[name]) !== JSON.stringify(next[name]),
  );
  for (const name of RELOADABLE) Object.assign(current, { [name]: next[name] });
  return waiting;
}
