// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Connection, Hijacked, Query } from '#client/connection.ts';
import { encodeFilters } from '#client/filters.ts';
import { parseJson, readJsonLines } from '#client/json.ts';
import type {
  ContainerInspect,
  ContainerPrune,
  ContainerSummary,
  CreateAnswer,
  FilesystemChange,
  FilterMap,
  StatsJson,
  TopAnswer,
  WaitAnswer,
} from '#client/types.ts';

export interface AttachParameters {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: string;
}

export type WaitUntil = 'not-running' | 'next-exit' | 'removed';

/** The containers of an engine. `ref` is an ID, the start of one, or a name. */
export class Containers {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  create(body: object, name: string, platform: string): Promise<CreateAnswer> {
    const query = { name: name || undefined, platform: platform || undefined };
    return this.#connection.json('POST', '/containers/create', { query, body });
  }

  list(options: { all: boolean; limit: number; size: boolean; filters?: FilterMap }): Promise<ContainerSummary[]> {
    const query = {
      all: options.all || undefined,
      limit: options.limit > 0 ? options.limit : undefined,
      size: options.size || undefined,
      filters: encodeFilters(options.filters),
    };
    return this.#connection.json('GET', '/containers/json', { query });
  }

  inspect(ref: string): Promise<ContainerInspect> {
    return this.#connection.json('GET', `${pathOf(ref)}/json`);
  }

  /** The answer as it was sent, for printing. */
  inspectText(ref: string, size: boolean): Promise<string> {
    return this.#connection.text('GET', `${pathOf(ref)}/json`, { query: { size: size || undefined } });
  }

  start(ref: string): Promise<void> {
    return this.#act(ref, 'start');
  }

  stop(ref: string, options: { signal: string; timeoutSeconds: number | undefined }): Promise<void> {
    return this.#act(ref, 'stop', { signal: options.signal || undefined, t: options.timeoutSeconds });
  }

  restart(ref: string, options: { signal: string; timeoutSeconds: number | undefined }): Promise<void> {
    return this.#act(ref, 'restart', { signal: options.signal || undefined, t: options.timeoutSeconds });
  }

  kill(ref: string, signal: string): Promise<void> {
    return this.#act(ref, 'kill', { signal: signal || undefined });
  }

  pause(ref: string): Promise<void> {
    return this.#act(ref, 'pause');
  }

  unpause(ref: string): Promise<void> {
    return this.#act(ref, 'unpause');
  }

  rename(ref: string, name: string): Promise<void> {
    return this.#act(ref, 'rename', { name });
  }

  resize(ref: string, size: { rows: number; columns: number }): Promise<void> {
    return this.#act(ref, 'resize', { h: size.rows, w: size.columns });
  }

  update(ref: string, body: object): Promise<{ Warnings?: string[] | null }> {
    return this.#connection.json('POST', `${pathOf(ref)}/update`, { body });
  }

  async remove(ref: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void> {
    const query = {
      force: options.force || undefined,
      v: options.volumes || undefined,
      link: options.link || undefined,
    };
    await this.#connection.text('DELETE', pathOf(ref), { query });
  }

  prune(filters: FilterMap): Promise<ContainerPrune> {
    return this.#connection.json('POST', '/containers/prune', { query: { filters: encodeFilters(filters) } });
  }

  /** Resolves when the engine has begun to wait, so that a container started afterwards can't end unseen. */
  async wait(ref: string, until: WaitUntil): Promise<{ result: Promise<WaitAnswer> }> {
    const answer = await this.#connection.stream('POST', `${pathOf(ref)}/wait`, { query: { condition: until } });
    const result = readAll(answer).then((text) => parseJson(text) as WaitAnswer);
    // Nobody may be waiting for it yet when it fails.
    result.catch(() => {});
    return { result };
  }

  attach(ref: string, parameters: AttachParameters): Promise<Hijacked> {
    const query = {
      stream: true,
      stdin: parameters.stdin || undefined,
      stdout: parameters.stdout || undefined,
      stderr: parameters.stderr || undefined,
      detachKeys: parameters.detachKeys || undefined,
    };
    return this.#connection.hijack(`${pathOf(ref)}/attach`, { query });
  }

  logs(ref: string, query: Query): Promise<IncomingMessage> {
    return this.#connection.stream('GET', `${pathOf(ref)}/logs`, { query });
  }

  top(ref: string, psArguments: string): Promise<TopAnswer> {
    return this.#connection.json('GET', `${pathOf(ref)}/top`, { query: { ps_args: psArguments || undefined } });
  }

  changes(ref: string): Promise<FilesystemChange[] | null> {
    return this.#connection.json('GET', `${pathOf(ref)}/changes`);
  }

  /** Samples until the engine or `signal` ends them; exactly one unless `stream`. */
  async *stats(ref: string, stream: boolean, signal: AbortSignal): AsyncGenerator<StatsJson> {
    const answer = await this.#connection.stream('GET', `${pathOf(ref)}/stats`, { query: { stream }, signal });
    for await (const sample of readJsonLines(answer)) yield sample as StatsJson;
  }

  async #act(ref: string, action: string, query: Query = {}): Promise<void> {
    await this.#connection.text('POST', `${pathOf(ref)}/${action}`, { query });
  }
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  if (!answer.complete) throw new Error('unexpected EOF');
  return text;
}

const pathOf = (ref: string): string => `/containers/${encodeURIComponent(ref)}`;
