// SPDX-License-Identifier: Apache-2.0
import type { ContainerRecord, ContainerState, ExecRecord, Health } from '#model/container.ts';

/** What changes while a container lives; kept apart from its definition, so that a change of state is a small write. */
type Life = Pick<ContainerRecord, 'state' | 'restartCount' | 'hasBeenManuallyStopped'> & { health?: Health };

/** The two columns that a container is kept in. */
export interface StoredContainer {
  definition: string;
  life: string;
}

export function encodeDefinition(record: ContainerRecord): string {
  const { state: _state, health: _health, restartCount: _count, hasBeenManuallyStopped: _stopped, ...rest } = record;
  return JSON.stringify(rest);
}

export function encodeLife(record: ContainerRecord): string {
  const { state, health, restartCount, hasBeenManuallyStopped } = record;
  const life: Life = { state, restartCount, hasBeenManuallyStopped, ...(health && { health }) };
  return JSON.stringify(life);
}

export function decodeContainer(stored: StoredContainer): ContainerRecord {
  const definition = JSON.parse(stored.definition) as Omit<ContainerRecord, keyof Life>;
  const life = JSON.parse(stored.life) as Life;
  return {
    ...definition,
    createdAt: new Date(definition.createdAt),
    ...life,
    state: withDates(life.state),
    ...(life.health && { health: healthWithDates(life.health) }),
  };
}

/** JSON has no dates: every one that a state can hold is made one again. */
function withDates(state: ContainerState): ContainerState {
  const dated: Record<string, unknown> = { ...state };
  for (const key of ['startedAt', 'finishedAt', 'lastFinishedAt']) {
    if (typeof dated[key] === 'string') dated[key] = new Date(dated[key]);
  }
  return dated as unknown as ContainerState;
}

const healthWithDates = (health: Health): Health => ({
  ...health,
  log: health.log.map((probe) => ({ ...probe, start: new Date(probe.start), end: new Date(probe.end) })),
});

export const encodeExec = (exec: ExecRecord): string => JSON.stringify(exec);

export const decodeExec = (json: string): ExecRecord => JSON.parse(json) as ExecRecord;
