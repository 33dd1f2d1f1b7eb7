// SPDX-License-Identifier: Apache-2.0
import { humanDuration } from '#api/human.ts';
import { rfc3339 } from '#api/timestamp.ts';
import type { ContainerRecord, ContainerState, Ended, Health } from '#model/container.ts';
import type { Health as WireHealth, ContainerState as WireState } from '#wire/types.gen.ts';

/** Docker's view of a state, in which several booleans can hold at once. The only place where they are made. */
export function toWireState({ state, health }: Pick<ContainerRecord, 'state' | 'health'>): NonNullable<WireState> {
  const ended = endOf(state);
  const isLive = state.status === 'running' || state.status === 'paused';
  return {
    Status: state.status,
    // A container that waits for its next start counts as running, so that clients stop it before they remove it.
    Running: isLive || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: ended?.oomKilled ?? false,
    Dead: state.status === 'dead',
    Pid: isLive ? state.pid : 0,
    ExitCode: state.status === 'created' ? state.exitCode : (ended?.exitCode ?? 0),
    Error: state.status === 'created' ? state.error : (ended?.error ?? ''),
    StartedAt: rfc3339('startedAt' in state ? state.startedAt : undefined),
    FinishedAt: rfc3339(isLive ? state.lastFinishedAt : ended?.finishedAt),
    ...(health && { Health: toWireHealth(health) }),
  };
}

function endOf(state: ContainerState): Ended | undefined {
  return 'finishedAt' in state ? state : undefined;
}

export const toWireHealth = (health: Health): WireHealth => ({
  Status: health.status,
  FailingStreak: health.failingStreak,
  Log: health.log.map(({ start, end, exitCode, output }) => ({
    Start: rfc3339(start),
    End: rfc3339(end),
    ExitCode: exitCode,
    Output: output,
  })),
});

/** The `Status` of `ls`: `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`. */
export function statusText({ state, health }: Pick<ContainerRecord, 'state' | 'health'>, now: Date): string {
  const since = (date: Date) => humanDuration(now.getTime() - date.getTime());
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt)}${healthText(health)}`;
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'exited':
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}

function healthText(health: Health | undefined): string {
  if (!health || health.status === 'none') return '';
  return ` (${health.status === 'starting' ? 'health: starting' : health.status})`;
}
