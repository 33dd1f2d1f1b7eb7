// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '#client/connection.ts';
import { encodeFilters } from '#client/filters.ts';
import { readJsonLines } from '#client/json.ts';
import type { DiskUsageJson, EventJson, FilterMap, VersionJson } from '#client/types.ts';

/** The engine itself. */
export class System {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  version(): Promise<VersionJson> {
    return this.#connection.json('GET', '/version');
  }

  info(): Promise<Record<string, unknown>> {
    return this.#connection.json('GET', '/info');
  }

  diskUsage(): Promise<DiskUsageJson> {
    return this.#connection.json('GET', '/system/df');
  }

  /** Resolves when the engine listens for events, so that none is missed afterwards. */
  async events(
    options: { since?: string; until?: string; filters?: FilterMap },
    signal?: AbortSignal,
  ): Promise<AsyncGenerator<EventJson>> {
    const query = {
      since: options.since || undefined,
      until: options.until || undefined,
      filters: encodeFilters(options.filters),
    };
    const answer = await this.#connection.stream('GET', '/events', { query, ...(signal && { signal }) });
    return readJsonLines(answer) as AsyncGenerator<EventJson>;
  }
}
