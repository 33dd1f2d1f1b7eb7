// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '#core/logger.ts';

/** As dockerd: whoever asks this often wants it to end at once. */
const FORCED_AFTER = 3;
const FORCED_EXIT_CODE = 128 + 15;

/** Calls `begin` at the first of the signals; the third ends the process on the spot, which loses nothing (crash-only design). */
export function onFirstThen(signals: readonly NodeJS.Signals[], logger: Logger, begin: () => void): void {
  let count = 0;
  const handle = (signal: NodeJS.Signals): void => {
    count += 1;
    logger.info({ signal, count }, count === 1 ? 'stopping' : 'already stopping');
    if (count === 1) begin();
    if (count >= FORCED_AFTER) process.exit(FORCED_EXIT_CODE);
  };
  for (const signal of signals) process.on(signal, handle);
}

/**
 * What nobody caught is a bug, but no reason to take the API away from every container: what is on disk is changed in
 * transactions only, so the one request that met the bug is all that is lost.
 */
export function surviveBugs(logger: Logger): void {
  process.on('uncaughtException', (error) => logger.error({ err: error }, 'bug: an exception was not caught'));
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'bug: a rejection was not handled'));
}
