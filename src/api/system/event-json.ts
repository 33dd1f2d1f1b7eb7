// SPDX-License-Identifier: Apache-2.0
import type { ApiVersion } from '#api/version.ts';
import type { EngineEvent } from '#model/event.ts';

const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/** One event as JSON text. `timeNano` is larger than what JSON.stringify can write of a number, so it is put in by hand. */
export function eventText(event: EngineEvent, version: ApiVersion): string {
  const { type, action, actor, timeNano } = event;
  const message = {
    ...(version.before('1.52') && olderFields(event)),
    Type: type,
    Action: action,
    Actor: { ID: actor.id, Attributes: actor.attributes },
    scope: 'local',
    time: Number(timeNano / NANOSECONDS_PER_SECOND),
  };
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}`;
}

/** What events were before they had types. The docker CLI panics without them until its version 25. */
function olderFields({ type, action, actor }: EngineEvent): Record<string, unknown> {
  if (type !== 'container' && type !== 'image') return {};
  const from = type === 'container' && actor.attributes.image !== undefined ? { from: actor.attributes.image } : {};
  return { status: action, id: actor.id, ...from };
}

/** Images made are told since 1.46. */
export const isTold = ({ type, action }: EngineEvent, version: ApiVersion): boolean =>
  !(version.before('1.46') && type === 'image' && action === 'create');
