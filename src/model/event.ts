// SPDX-License-Identifier: Apache-2.0

export type EventType = 'container' | 'image' | 'volume' | 'network' | 'daemon' | 'builder';

/** Something that happened, as `docker events` tells it. */
export interface EngineEvent {
  type: EventType;
  /** `create`, `start`, `exec_start: sh -c true`, `health_status: healthy`, … */
  action: string;
  actor: { id: string; attributes: Record<string, string> };
  /** Nanoseconds since 1970. */
  timeNano: bigint;
}

/** An event before it is stamped. */
export type NewEvent = Omit<EngineEvent, 'timeNano'>;

/** Where the parts of the engine announce what happened. An event is stored before anybody hears of it. */
export interface EventSink {
  emit(event: NewEvent): void;
}

/** Filter name to accepted values: the meaning of `filters={"name":["a","b"]}` everywhere in the API. */
export type Filters = ReadonlyMap<string, readonly string[]>;
