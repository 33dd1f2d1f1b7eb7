// SPDX-License-Identifier: Apache-2.0
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { ApiError, ConnectionError, connectionError } from '#client/errors.ts';
import type { Endpoint } from '#client/host.ts';
import { parseJson } from '#client/json.ts';
import { loadTls } from '#client/tls.ts';

/** The newest API version that this client speaks. */
export const CLIENT_API_VERSION = '1.51';
/** What an engine that says nothing is taken for. */
const FALLBACK_API_VERSION = '1.24';
const USER_AGENT = 'hoy-client';

/** Query parameters: `undefined` is left out, `true` is `1`, a list is repeated. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Call {
  query?: Query | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  upload?: Readable;
  headers?: OutgoingHttpHeaders;
  signal?: AbortSignal;
}

export interface ConnectionOptions {
  /** Use this version and don't ask the engine (`DOCKER_API_VERSION`). */
  apiVersion?: string | undefined;
  headers?: OutgoingHttpHeaders;
  /** Called once if nothing listens at the endpoint; true when it is worth another try. */
  onAbsent?: () => Promise<boolean>;
}

/** A two-way byte stream to a container, after the HTTP upgrade. */
export type Hijacked = Socket;

/** HTTP to one engine. Connections are kept for the next call. Errors are `ApiError` or `ConnectionError`. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly #options: ConnectionOptions;
  #agent: Agent | undefined;
  #ping: Promise<{ apiVersion: string; osType: string }> | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions = {}) {
    this.endpoint = endpoint;
    this.#options = options;
  }

  /** Calls and reads the whole answer as JSON. */
  async json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const text = await this.text(method, path, call);
    return (text.trim() === '' ? undefined : parseJson(text)) as T;
  }

  /** Calls and reads the whole answer. */
  async text(method: string, path: string, call: Call = {}): Promise<string> {
    return readText(await this.stream(method, path, call));
  }

  /** Calls and returns as soon as the answer's head is there. */
  async stream(method: string, path: string, call: Call = {}): Promise<IncomingMessage> {
    const { apiVersion } = await this.ping();
    return this.#send(method, `/v${apiVersion}${path}${encodeQuery(call.query)}`, call);
  }

  /** Calls and takes the connection over for raw bytes. */
  async hijack(path: string, call: Call = {}): Promise<Hijacked> {
    const { apiVersion } = await this.ping();
    const headers = { ...call.headers, Connection: 'Upgrade', Upgrade: 'tcp' };
    const target = `/v${apiVersion}${path}${encodeQuery(call.query)}`;
    const message = await this.#send('POST', target, { ...call, headers });
    const upgraded = message as IncomingMessage & { upgraded?: Hijacked };
    if (upgraded.upgraded) return upgraded.upgraded;
    throw new Error(`unable to upgrade to tcp, received ${message.statusCode}`);
  }

  /** Asks once which version the engine speaks; the lower one of both is used from then on. */
  ping(): Promise<{ apiVersion: string; osType: string }> {
    this.#ping ??= this.#negotiate();
    return this.#ping;
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #negotiate(): Promise<{ apiVersion: string; osType: string }> {
    const { apiVersion } = this.#options;
    if (apiVersion) return { apiVersion, osType: 'linux' };
    const answer = await this.#pingOnce();
    answer.resume();
    const spoken = String(answer.headers['api-version'] ?? FALLBACK_API_VERSION);
    return { apiVersion: lowerVersion(spoken, CLIENT_API_VERSION), osType: String(answer.headers.ostype ?? 'linux') };
  }

  async #pingOnce(): Promise<IncomingMessage> {
    try {
      return await this.#send('HEAD', '/_ping', {});
    } catch (error) {
      const { onAbsent } = this.#options;
      if (!(error instanceof ConnectionError && error.isAbsent && onAbsent && (await onAbsent()))) throw error;
      return this.#send('HEAD', '/_ping', {});
    }
  }

  async #send(method: string, path: string, call: Call): Promise<IncomingMessage> {
    const options = await this.#requestOptions(method, path, call);
    const message = await exchange(this.endpoint, options, call);
    if ((message.statusCode ?? 500) < 400) return message;
    throw await toApiError(message, path);
  }

  async #requestOptions(method: string, path: string, call: Call): Promise<RequestOptions> {
    const { endpoint } = this;
    const base: RequestOptions = {
      method,
      path,
      headers: { Host: 'api.moby.localhost', 'User-Agent': USER_AGENT, ...this.#options.headers, ...call.headers },
      ...(call.signal && { signal: call.signal }),
    };
    if ('socketPath' in endpoint.address) base.socketPath = endpoint.address.socketPath;
    else Object.assign(base, { host: endpoint.address.hostname, port: endpoint.address.port });
    this.#agent ??= await createAgent(endpoint);
    // An upgraded or streaming connection is never shared: the agent opens as many as are in use.
    return { ...base, agent: this.#agent, ...(endpoint.tls && { protocol: 'https:' }) };
  }
}

async function createAgent(endpoint: Endpoint): Promise<Agent> {
  if (!endpoint.tls) return new Agent({ keepAlive: true });
  const [{ Agent: TlsAgent }, files] = await Promise.all([import('node:https'), loadTls(endpoint.tls)]);
  return new TlsAgent({ keepAlive: true, ...files });
}

function exchange(endpoint: Endpoint, options: RequestOptions, call: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outgoing = request(options);
    if (body !== undefined) {
      outgoing.setHeader('Content-Type', 'application/json');
      outgoing.setHeader('Content-Length', Buffer.byteLength(body));
    } else if (call.upload) outgoing.setHeader('Content-Type', 'application/x-tar');
    else if (options.method === 'POST') outgoing.setHeader('Content-Length', 0);
    outgoing.once('error', (error) => reject(call.signal?.aborted ? error : connectionError(endpoint.host, error)));
    outgoing.once('response', resolve);
    outgoing.once('upgrade', (message, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(Object.assign(message, { upgraded: socket as Socket }));
    });
    if (call.upload) {
      // The answer may come, and be an error, before all of the upload was taken.
      call.upload.once('error', (error) => outgoing.destroy(error));
      call.upload.pipe(outgoing);
    } else outgoing.end(body);
  });
}

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function toApiError(message: IncomingMessage, path: string): Promise<ApiError> {
  const status = message.statusCode ?? 500;
  const text = (await readText(message)).trim();
  const described = messageIn(text) ?? (message.headers['content-type']?.includes('json') ? '' : text);
  if (described) return new ApiError(status, described.trim());
  return new ApiError(
    status,
    `request returned ${message.statusMessage || status} for API route and version ${path}, check if the server supports the requested API version`,
  );
}

function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

function encodeQuery(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (typeof value === 'object') for (const item of value) parameters.append(name, item);
    else parameters.append(name, value === true ? '1' : value === false ? '0' : String(value));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

/** Of two versions such as `1.41` and `1.51`, the lower one. */
export function lowerVersion(a: string, b: string): string {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA < majorB || (majorA === majorB && minorA < minorB) ? a : b;
}
