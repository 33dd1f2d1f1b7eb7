// SPDX-License-Identifier: Apache-2.0

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The complete environment of a process: the engine's own variables, over them the container's, over them `extra`
 * (an exec's). An entry without `=` takes a variable away.
 */
export function processEnvironment(
  container: { hostname: string; env: readonly string[] },
  process: { tty: boolean; home: string; extra?: readonly string[] },
): string[] {
  const variables = new Map([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', container.hostname],
  ]);
  if (process.tty) variables.set('TERM', 'xterm');
  for (const entry of [...container.env, ...(process.extra ?? [])]) {
    const equals = entry.indexOf('=');
    if (equals < 0) variables.delete(entry);
    else variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  if (!variables.has('HOME')) variables.set('HOME', process.home);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}
