// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/logger.ts';
import type { Startable } from '#core/startable.ts';
import { compileEventFilter } from '#event/filter.ts';
import { EventTable, type StoredEvent } from '#event/table.ts';
import type { EngineEvent, EventSink, Filters, NewEvent } from '#model/event.ts';

export interface EventLogDeps {
  /** Opened with `eventSchema`. */
  database: DatabaseSync;
  clock: Clock;
  logger: Logger;
}

export interface EventLogOptions {
  /** Events kept. @default 100000 */
  maxEvents?: number;
  /** How long they are kept. @default 90 days */
  maxAgeMs?: number;
}

export interface EventQuery {
  since?: { nano: bigint };
  until?: { nano: bigint };
  filters: Filters;
  signal: AbortSignal;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;
const DAY_MS = 24 * 3600 * 1000;
/** What listeners that keep up are served from, without asking the database. */
const RECENT_EVENTS = 1024;
const PAGE_EVENTS = 256;
const PRUNE_EVERY_MS = 60_000;
/** While the database refuses, so many events wait; older ones are given up. */
const MAX_PENDING = 10_000;
const RETRY_MS = 1_000;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * What happened, in order. An event is stored before anybody hears of it, so that it survives a kill of the engine. A listener
 * is a place in that order, not a queue: however slow it is, it costs no memory and misses nothing that is still kept.
 */
export class EventLog implements EventSink, Startable {
  readonly #deps: EventLogDeps;
  readonly #options: Required<EventLogOptions>;
  readonly #table: EventTable;
  readonly #listeners = new Set<() => void>();
  #pending: EngineEvent[] = [];
  #recent: StoredEvent[] = [];
  #lastSeq: number;
  #lastTime = 0n;
  #retryTimer: Disposable | undefined;
  #pruneTimer: Disposable | undefined;
  #isStopped = false;

  constructor(deps: EventLogDeps, options: EventLogOptions = {}) {
    this.#deps = deps;
    this.#options = { maxEvents: 100_000, maxAgeMs: 90 * DAY_MS, ...options };
    this.#table = new EventTable(deps.database);
    this.#lastSeq = this.#table.lastSeq();
  }

  async start(): Promise<void> {
    this.#schedulePruning();
  }

  /** Stores what waits, and ends all listeners once they have heard it. */
  async stop(): Promise<void> {
    this.#flush();
    this.#isStopped = true;
    this.#pruneTimer?.[Symbol.dispose]();
    this.#wakeListeners();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  emit({ type, action, actor }: NewEvent): void {
    const attributes = { ...actor.attributes };
    this.#pending.push({ type, action, actor: { id: actor.id, attributes }, timeNano: this.#stamp() });
    // While the database refuses, the next try is the timer's: asking it for every event would only delay the rest.
    if (!this.#retryTimer) this.#flush();
  }

  #flush(): void {
    this.#retryTimer?.[Symbol.dispose]();
    this.#retryTimer = undefined;
    if (this.#pending.length === 0) return;
    try {
      this.#recent.push(...this.#table.append(this.#pending));
    } catch (error) {
      this.#deps.logger.error({ err: error, events: this.#pending.length }, 'events could not be stored');
      this.#pending = this.#pending.slice(-MAX_PENDING);
      this.#retryLater();
      return;
    }
    this.#pending = [];
    this.#recent = this.#recent.slice(-RECENT_EVENTS);
    this.#lastSeq = this.#recent.at(-1)?.seq ?? this.#lastSeq;
    this.#wakeListeners();
  }

  /**
   * Past events first when `since` or `until` is given, then live ones, until `until`, the signal or the end of the engine.
   * Whatever was emitted before the call is past, whatever is emitted after it is live.
   */
  events(query: EventQuery): AsyncIterable<EngineEvent> {
    this.#flush();
    return this.#listen(query, this.#startAfter(query));
  }

  /** The number of the last event that the query does not ask for. */
  #startAfter({ since, until }: EventQuery): number {
    if (!since && !until) return this.#lastSeq;
    return (this.#table.firstSince(since?.nano ?? 0n) ?? this.#lastSeq + 1) - 1;
  }

  async *#listen(query: EventQuery, startAfter: number): AsyncGenerator<EngineEvent> {
    const { since, until, signal } = query;
    const isWanted = compileEventFilter(query.filters);
    let wake: () => void = () => {};
    const listener = (): void => wake();
    using _timer = this.#wakeAt(until?.nano, listener);
    this.#listeners.add(listener);
    signal.addEventListener('abort', listener, { once: true });
    try {
      for (let seq = startAfter; ; ) {
        const isLast = this.#isOver(until);
        const page = this.#page(seq);
        // Numbers without an event are of those that are no longer kept.
        if (page.length === 0) seq = this.#lastSeq;
        for (const { seq: next, event } of page) {
          if (signal.aborted) return;
          seq = next;
          const isInTime = (!since || event.timeNano >= since.nano) && (!until || event.timeNano <= until.nano);
          if (isInTime && isWanted(event)) yield event;
        }
        if (signal.aborted) return;
        if (seq < this.#lastSeq) continue;
        if (isLast) return;
        if (this.#isOver(until)) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', listener);
    }
  }

  /** Whether nothing that happens from now on is asked for. */
  #isOver(until: { nano: bigint } | undefined): boolean {
    return this.#isStopped || (until !== undefined && this.#now() >= until.nano);
  }

  /** The next events after number `seq`. */
  #page(seq: number): readonly StoredEvent[] {
    const oldest = this.#recent[0]?.seq;
    if (oldest !== undefined && seq + 1 >= oldest) return this.#recent.slice(seq + 1 - oldest);
    return this.#table.after(seq, PAGE_EVENTS);
  }

  #wakeListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  /** For `until`: wakes the listener then. A moment further away than a timer can wait is left to the next event. */
  #wakeAt(nano: bigint | undefined, wake: () => void): Disposable | undefined {
    if (nano === undefined) return undefined;
    const delayMs = Number((nano - this.#now()) / NS_PER_MS) + 1;
    return delayMs > 0 && delayMs <= MAX_TIMEOUT_MS ? this.#deps.clock.after(delayMs, wake) : undefined;
  }

  #now(): bigint {
    return BigInt(this.#deps.clock.now().getTime()) * NS_PER_MS;
  }

  /** Times grow with the order of events, unless the clock is set back. */
  #stamp(): bigint {
    const now = this.#now();
    const isClose = this.#lastTime >= now && this.#lastTime - now < NS_PER_SECOND;
    this.#lastTime = isClose ? this.#lastTime + 1n : now;
    return this.#lastTime;
  }

  #retryLater(): void {
    this.#retryTimer = this.#deps.clock.after(RETRY_MS, () => this.#flush());
  }

  /** A little at a time, so that nobody waits for it. */
  #schedulePruning(delayMs = PRUNE_EVERY_MS): void {
    if (this.#isStopped) return;
    this.#pruneTimer = this.#deps.clock.after(delayMs, () => {
      const isMore = this.prune() >= PAGE_EVENTS;
      this.#schedulePruning(isMore ? 50 : PRUNE_EVERY_MS);
    });
  }

  /** Deletes some of the events that are too many or too old; returns how many. */
  prune(): number {
    const oldest = this.#now() - BigInt(this.#options.maxAgeMs) * NS_PER_MS;
    try {
      const tooOld = (this.#table.firstSince(oldest) ?? this.#lastSeq + 1) - 1;
      return this.#table.deleteUpTo(Math.max(tooOld, this.#lastSeq - this.#options.maxEvents), PAGE_EVENTS);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'old events could not be deleted');
      return 0;
    }
  }
}
