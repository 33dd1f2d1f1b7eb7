// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '#core/logger.ts';
import type { AttachedClient } from '#model/client.ts';
import { type BodyName, decodeBody } from '#wire/decode.ts';
import { readJson } from './body.ts';
import { accept } from './hijack.ts';
import { Query } from './query.ts';
import type { ApiVersion } from './version.ts';

export interface CallInit {
  request: IncomingMessage;
  response: ServerResponse;
  version: ApiVersion;
  params: Readonly<Record<string, string>>;
  query: string;
  logger: Logger;
  /** Fires when the server stops. */
  stopping: AbortSignal;
  /** Set for a request with `Upgrade` on a route that hijacks. */
  upgrade?: { stream: Duplex; head: Buffer };
  /** Headers that every answer carries. */
  headers: Record<string, string>;
}

/** One request and the answer to it. */
export class Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly version: ApiVersion;
  readonly query: Query;
  readonly logger: Logger;
  readonly #init: CallInit;
  #signal: AbortSignal | undefined;
  #hijacked: AttachedClient | undefined;

  constructor(init: CallInit) {
    this.#init = init;
    this.request = init.request;
    this.response = init.response;
    this.version = init.version;
    this.query = new Query(init.query);
    this.logger = init.logger;
  }

  /** A parameter of the path. */
  param(name: string): string {
    return this.#init.params[name] ?? '';
  }

  /** Fires when the client goes away before it was answered in full, or when the server stops. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([whenGone(this.request, this.response), this.#init.stopping]);
    return this.#signal;
  }

  /** The body, decoded by the specification; `{}` if there is none. */
  async body<T extends object>(operation: BodyName): Promise<T> {
    const value = await readJson(this.request);
    return value === undefined ? ({} as T) : decodeBody<T>(operation, value);
  }

  json(status: number, value: unknown): void {
    const text = Buffer.from(`${JSON.stringify(value)}\n`);
    this.response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length });
    this.response.end(text);
  }

  empty(status: number): void {
    this.response.writeHead(status);
    this.response.end();
  }

  /** What node gave us for a websocket handshake; undefined without `Upgrade`. */
  get upgrade(): { stream: Duplex; head: Buffer } | undefined {
    return this.#init.upgrade;
  }

  /** Leaves HTTP: sends the head of the answer and gives the connection away. The body must have been read. */
  async hijack(contentType: string): Promise<AttachedClient> {
    const { request, response, upgrade, headers } = this.#init;
    const connection = { request, response, upgradeHead: upgrade?.head, upgradeStream: upgrade?.stream };
    this.#hijacked = await accept(connection, contentType, headers);
    return this.#hijacked;
  }

  /** The client, once the connection is no longer HTTP. */
  get hijacked(): AttachedClient | undefined {
    return this.#hijacked;
  }
}

function whenGone(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const { socket } = request;
  const gone = () => controller.abort();
  // A client that closes its connection is seen as the end of its bytes; one that half-closes is not waited for either.
  socket.once('end', gone);
  response.once('close', () => {
    socket.removeListener('end', gone);
    if (!response.writableFinished) gone();
  });
  if (socket.destroyed || socket.readableEnded) gone();
  return controller.signal;
}
