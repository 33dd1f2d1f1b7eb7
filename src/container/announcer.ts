// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '#core/logger.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { EventSink, NewEvent } from '#model/event.ts';

/** Tells the world what happened to a container, with the attributes that Docker's events carry. */
export class Announcer {
  readonly #events: EventSink;
  readonly #logger: Logger;

  constructor(events: EventSink, logger: Logger) {
    this.#events = events;
    this.#logger = logger;
  }

  container(record: ContainerRecord, action: string, attributes: Record<string, string> = {}): void {
    const { image, labels } = record.config;
    this.#emit({
      type: 'container',
      action,
      actor: {
        id: record.id,
        attributes: { ...attributes, ...labels, ...(image && { image }), name: record.name },
      },
    });
  }

  pruned(reclaimedBytes: number): void {
    const attributes = { reclaimed: String(reclaimedBytes) };
    this.#emit({ type: 'container', action: 'prune', actor: { id: '', attributes } });
  }

  /** What happened has happened: an event that can't be stored (a full disk) must not undo it half-way. */
  #emit(event: NewEvent): void {
    try {
      this.#events.emit(event);
    } catch (error) {
      this.#logger.error({ err: error, action: event.action, id: event.actor.id }, 'an event could not be stored');
    }
  }
}
