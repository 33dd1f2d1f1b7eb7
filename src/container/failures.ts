// SPDX-License-Identifier: Apache-2.0
import { conflict, EngineError, invalidParameter, notFound } from '#core/errors.ts';

/** What can go wrong with a container, in the words that Docker's clients match on; each of them is written once, here. */

export const noSuchContainer = (ref: string): EngineError => notFound(`No such container: ${ref}`);

export const noSuchExec = (id: string): EngineError => notFound(`No such exec instance: ${id}`);

export const ambiguousPrefix = (prefix: string): EngineError =>
  invalidParameter(`multiple IDs found with provided prefix: ${prefix}`);

export const nameTaken = (name: string, holder: string): EngineError =>
  conflict(
    `Conflict. The container name "/${name}" is already in use by container "${holder}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );

export const notRunning = (id: string): EngineError => conflict(`container ${id} is not running`);

export const isRestarting = (id: string): EngineError =>
  conflict(`Container ${id} is restarting, wait until the container is running`);

export const pausedBeforeExec = (id: string): EngineError =>
  conflict(`Container ${id} is paused, unpause the container before exec`);

export const markedForRemoval = (): EngineError => conflict('container is marked for removal and cannot be started');

export const removalInProgress = (ref: string): EngineError =>
  conflict(`removal of container ${ref} is already in progress`);

export const alreadyStopped = (): EngineError => new EngineError('not-modified', 'container is already stopped');

export const alreadyStarted = (): EngineError => new EngineError('not-modified', 'container is already running');

/** `error` under a heading that says what was tried, of the same class. */
export function withContext(heading: string, error: unknown): EngineError {
  const code = error instanceof EngineError ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  return new EngineError(code, `${heading}: ${message}`, { cause: error });
}

/** The exit code that goes with a failed start: what the launcher says, else Docker's "unknown". */
export function exitCodeOf(error: unknown): number {
  const code = (error as { exitCode?: unknown } | undefined)?.exitCode;
  return typeof code === 'number' ? code : 128;
}
