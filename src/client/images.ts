// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Connection, Query } from '#client/connection.ts';
import { encodeFilters } from '#client/filters.ts';
import { readJsonLines } from '#client/json.ts';
import type {
  FilterMap,
  HistoryItem,
  ImageDeletionJson,
  ImagePrune,
  ImageSummary,
  ProgressJson,
} from '#client/types.ts';

/** The images of an engine. `ref` is a name with or without tag, an ID, the start of one, or a digest. */
export class Images {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  list(options: { all: boolean; filters: FilterMap; manifests?: boolean }): Promise<ImageSummary[]> {
    const query = {
      all: options.all || undefined,
      manifests: options.manifests || undefined,
      filters: encodeFilters(options.filters),
    };
    return this.#connection.json('GET', '/images/json', { query });
  }

  /** The answer as it was sent, for printing. */
  inspectText(ref: string, platform: string | undefined): Promise<string> {
    return this.#connection.text('GET', `${pathOf(ref)}/json`, { query: { platform } });
  }

  history(ref: string, platform: string | undefined): Promise<HistoryItem[]> {
    return this.#connection.json('GET', `${pathOf(ref)}/history`, { query: { platform } });
  }

  async tag(ref: string, repository: string, tag: string): Promise<void> {
    await this.#connection.text('POST', `${pathOf(ref)}/tag`, { query: { repo: repository, tag: tag || undefined } });
  }

  remove(
    ref: string,
    options: { force: boolean; noPrune: boolean; platforms: string[] },
  ): Promise<ImageDeletionJson[]> {
    const query: Query = {
      force: options.force || undefined,
      noprune: options.noPrune || undefined,
      ...(options.platforms.length > 0 && { platforms: options.platforms }),
    };
    return this.#connection.json('DELETE', pathOf(ref), { query });
  }

  prune(filters: FilterMap): Promise<ImagePrune> {
    return this.#connection.json('POST', '/images/prune', { query: { filters: encodeFilters(filters) } });
  }

  /** Pulls an image; the engine decides where from. */
  async *pull(repository: string, tag: string, platform: string): AsyncGenerator<ProgressJson> {
    const query = { fromImage: repository, tag, platform: platform || undefined };
    const answer = await this.#connection.stream('POST', '/images/create', { query });
    yield* readJsonLines(answer) as AsyncGenerator<ProgressJson>;
  }

  /** Makes an image of a root file system; `source` is `-` for `upload` or an address the engine fetches. */
  async *import(query: Query, upload: Readable | undefined): AsyncGenerator<ProgressJson> {
    const answer = await this.#connection.stream('POST', '/images/create', { query, ...(upload && { upload }) });
    yield* readJsonLines(answer) as AsyncGenerator<ProgressJson>;
  }

  async load(upload: Readable, query: Query): Promise<IncomingMessage> {
    return this.#connection.stream('POST', '/images/load', { query, upload });
  }

  save(refs: readonly string[], query: Query): Promise<IncomingMessage> {
    return this.#connection.stream('GET', '/images/get', { query: { names: refs, ...query } });
  }
}

/** Slashes stay: the engine's routes take the rest of the path as the name. */
const pathOf = (ref: string): string =>
  `/images/${encodeURIComponent(ref).replaceAll('%2F', '/').replaceAll('%3A', ':')}`;
