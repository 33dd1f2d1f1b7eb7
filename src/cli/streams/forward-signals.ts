// SPDX-License-Identifier: Apache-2.0

/** Signals that a process can catch and that mean something to a container. A change of the window's size has its own call. */
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGIO',
  'SIGPWR',
];
const IMPATIENCE = 3;

/** Sends every signal that this process gets on to `kill`, by its name without `SIG`. Disposing ends that. */
export function forwardSignals(kill: (signal: string) => Promise<void>): Disposable {
  let requestsToEnd = 0;
  const forward = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' || signal === 'SIGTERM') requestsToEnd++;
    if (requestsToEnd >= IMPATIENCE) {
      process.stderr.write('\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n');
      process.exit(1);
    }
    // The container may have ended already.
    kill(signal.slice(3)).catch(() => {});
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return {
    [Symbol.dispose]() {
      for (const signal of FORWARDED) process.off(signal, forward);
    },
  };
}
