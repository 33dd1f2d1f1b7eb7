// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; most tests look at a few fields only, so it is not typed. */
  // biome-ignore lint/suspicious/noExplicitAny: wire answers are looked at field by field
  json: any;
}

export interface RequestOptions {
  /** Sent as JSON unless it is bytes or a stream. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A connection that was taken over after the answer's head. */
export interface Hijacked {
  status: number;
  headers: IncomingHttpHeaders;
  socket: Socket;
  /** Bytes that came together with the head. */
  head: Buffer;
}

/** Speaks the API over a unix socket; paths are as in the API, with or without a version. */
export class Api {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.call('GET', path, options);
  }
  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.call('POST', path, { ...options, body });
  }
  put(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.call('PUT', path, { ...options, body });
  }
  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  async call(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const isJson = response.headers['content-type']?.startsWith('application/json') && text !== '';
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      get json() {
        return isJson ? JSON.parse(text) : undefined;
      },
    };
  }

  /** The answer as a stream, for bodies that go on. */
  async open(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const { payload, type } = encode(options.body);
    const headers = { Host: 'docker', ...(type && { 'Content-Type': type }), ...options.headers };
    const outgoing = request({ socketPath: this.#socketPath, method, path, headers, agent: false });
    if (payload !== undefined && typeof payload === 'object' && 'pipe' in payload) payload.pipe(outgoing);
    else outgoing.end(payload);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return response;
  }

  /** Takes the connection over (`Upgrade: tcp`), as attach and exec start do. */
  async hijack(method: string, path: string, options: RequestOptions = {}): Promise<Hijacked> {
    const { payload, type } = encode(options.body);
    const headers = { Host: 'docker', Connection: 'Upgrade', Upgrade: 'tcp', ...(type && { 'Content-Type': type }) };
    const outgoing = request({ socketPath: this.#socketPath, method, path, headers, agent: false });
    outgoing.end(payload);
    const [response, socket, head] = await Promise.race([
      once(outgoing, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>,
      refused(outgoing),
    ]);
    return { status: response.statusCode ?? 0, headers: response.headers, socket, head };
  }
}

async function refused(outgoing: ReturnType<typeof request>): Promise<never> {
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  throw new Error(`not taken over: ${response.statusCode} ${text}`);
}

function encode(body: unknown): { payload?: Uint8Array | string | Readable; type?: string } {
  if (body === undefined) return {};
  if (body instanceof Uint8Array) return { payload: body, type: 'application/x-tar' };
  if (typeof body === 'object' && body !== null && 'pipe' in body) {
    return { payload: body as Readable, type: 'application/x-tar' };
  }
  return { payload: JSON.stringify(body), type: 'application/json' };
}
