// SPDX-License-Identifier: Apache-2.0

import { alreadyStarted, isRestarting, markedForRemoval, notRunning } from '#container/failures.ts';
import { conflict, type EngineError } from '#core/errors.ts';
import type { ContainerState, ContainerStatus, Ended } from '#model/container.ts';

/**
 * Every change of a container's state, as pure functions: they take a state, refuse with Docker's words what is not
 * allowed in it, and give the next one. Nothing else makes a `ContainerState`.
 */

type In<S extends ContainerStatus> = Extract<ContainerState, { status: S }>;

export const initialState: In<'created'> = { status: 'created', error: '', exitCode: 0 };

/** Has a process. */
export const isLive = (state: ContainerState): state is In<'running' | 'paused'> =>
  state.status === 'running' || state.status === 'paused';

/** Counts as running for Docker: it has a process or is about to have one again. */
export const isActive = (state: ContainerState): state is In<'running' | 'paused' | 'restarting'> =>
  isLive(state) || state.status === 'restarting';

const isStartable = (state: ContainerState): state is In<'created' | 'exited' | 'restarting'> =>
  state.status === 'created' || state.status === 'exited' || state.status === 'restarting';

/** Throws unless a person may start it now: `not-modified` when it runs already. */
export function expectStartable(state: ContainerState): void {
  if (state.status === 'paused') throw conflict('cannot start a paused container, try unpause instead');
  if (isActive(state)) throw alreadyStarted();
  if (!isStartable(state)) throw markedForRemoval();
}

/** Throws unless it has a process. */
export function expectLive(id: string, state: ContainerState): In<'running' | 'paused'> {
  if (isLive(state)) return state;
  throw state.status === 'restarting' ? isRestarting(id) : notRunning(id);
}

/** Throws unless it has a process that is not frozen. */
export function expectUnfrozen(id: string, state: ContainerState, whenPaused: EngineError): In<'running'> {
  const live = expectLive(id, state);
  if (live.status === 'paused') throw whenPaused;
  return live;
}

/** Its process runs. */
export function running(state: ContainerState, process: { pid: number; startedAt: Date }): In<'running'> {
  if (!isStartable(state)) throw markedForRemoval();
  const last = 'finishedAt' in state ? { lastFinishedAt: state.finishedAt } : {};
  return { status: 'running', pid: process.pid, startedAt: process.startedAt, ...last };
}

/** It could not be started: it stays what it was and says why; one that was to be restarted has ended. */
export function startFailed(
  state: ContainerState,
  failure: { error: string; exitCode: number },
): In<'created' | 'exited'> {
  if (!isStartable(state)) throw markedForRemoval();
  if (state.status === 'created') return { ...state, ...failure };
  return { ...state, status: 'exited', ...failure };
}

export function paused(id: string, state: ContainerState): In<'paused'> {
  const live = expectUnfrozen(id, state, conflict(`container ${id} is already paused`));
  return { ...live, status: 'paused' };
}

export function unpaused(id: string, state: ContainerState): In<'running'> {
  if (state.status !== 'paused') throw conflict(`Container ${id} is not paused`);
  return { ...state, status: 'running' };
}

/** Its process ended; `restarts` when the policy wants another one. */
export function ended(
  state: ContainerState,
  end: { exitCode: number; oomKilled: boolean; finishedAt: Date },
  restarts: boolean,
): In<'exited' | 'restarting'> {
  if (!isLive(state)) throw new Error(`a container that is ${state.status} has no process that could end`);
  return {
    status: restarts ? 'restarting' : 'exited',
    exitCode: end.exitCode,
    oomKilled: end.oomKilled,
    error: '',
    startedAt: state.startedAt,
    finishedAt: end.finishedAt,
  };
}

/** No further attempt is made. */
export function restartCancelled(state: ContainerState): In<'exited'> {
  if (state.status !== 'restarting') throw new Error(`a container that is ${state.status} is not to be restarted`);
  return { ...state, status: 'exited' };
}

/** Why a container in this state may not be removed without force; `undefined` if it may. */
export function removalRefusal(state: ContainerState): EngineError | undefined {
  if (state.status === 'paused') return conflict('container is paused and must be unpaused first');
  if (!isActive(state)) return undefined;
  return conflict(`container is ${state.status}: stop the container before removing or force remove`);
}

/** How it ended last, for those that ask for an exit code; 0 while it never ran. */
export const exitCodeIn = (state: ContainerState): number => ('exitCode' in state ? state.exitCode : 0);

/** Whether it ever had a process. */
export const hasRun = (state: ContainerState): boolean =>
  isLive(state) || (state as Partial<Ended>).startedAt !== undefined;
