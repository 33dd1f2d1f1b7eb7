// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { newId } from '#core/ids.ts';
import type { Logger } from '#core/logger.ts';
import type { LogConfig } from '#model/container.ts';
import type { EngineBackend } from './backend.ts';
import { Call } from './call.ts';
import { refuseWebPages } from './guard.ts';
import { type Handler, parseTarget, type Router } from './router.ts';
import { createRouter } from './routes.ts';
import { isBug, STATUS, toHttpError } from './status.ts';
import { MAX_API_VERSION } from './version.ts';

export interface ApiDeps {
  backend: EngineBackend;
  logger: Logger;
}

export interface ApiOptions {
  /** Hoy's version, for the `Server` header. */
  engineVersion: string;
  /** @default false */
  experimental?: boolean;
  /** For containers that say nothing about their log. @default json-file without options */
  defaultLog?: LogConfig;
  /** Names besides IP addresses and `localhost` under which TCP clients may call the engine. */
  allowedHosts?: readonly string[];
}

export interface ListenerOptions {
  /** Certificates; with `requestCert` and `rejectUnauthorized` only clients with a certificate get in. */
  tls?: TlsOptions;
  /** Whether web browsers can reach it: true for TCP. Their pages are refused. */
  reachableByBrowsers: boolean;
}

/** Room for the credentials and filters that clients put into headers and queries. */
const MAX_HEADER_BYTES = 256 << 10;
const HEADERS_TIMEOUT_MS = 30_000;
/** Idle connections cost little, and a client that reuses one must not find it just closed. */
const KEEP_ALIVE_MS = 120_000;
/** How long an answered request may go on sending a body that nobody reads. */
const UNREAD_BODY_MS = 2_000;

/**
 * Docker's HTTP API over an engine. It makes HTTP servers that others let listen; `stop` ends them all.
 */
export class ApiServer {
  readonly #deps: ApiDeps;
  readonly #router: Router;
  readonly #headers: Record<string, string>;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #servers = new Set<Server>();
  /** Connections that are no longer HTTP, which the HTTP server has forgotten. */
  readonly #hijacked = new Set<Duplex>();
  readonly #stopping = new AbortController();

  constructor(deps: ApiDeps, options: ApiOptions) {
    this.#deps = deps;
    this.#router = createRouter(deps.backend, {
      defaultLog: options.defaultLog ?? { driver: 'json-file', options: {} },
    });
    this.#allowedHosts = new Set(options.allowedHosts?.map((name) => name.toLowerCase()));
    this.#headers = {
      'Api-Version': MAX_API_VERSION,
      'Docker-Experimental': String(options.experimental ?? false),
      Ostype: 'linux',
      Server: `Hoy/${options.engineVersion} (linux)`,
    };
  }

  /** A server that answers the API; the caller lets it listen. */
  createListener({ tls, reachableByBrowsers }: ListenerOptions): Server {
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // A request may last as long as an upload or a build context takes; `readJson` has a limit of its own.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 10_000,
      shouldUpgradeCallback: (request: IncomingMessage) => this.#hijacks(request),
    };
    // `node:http` lets clients end their half first by itself; for TLS it has to be said.
    const server = tls ? createTlsServer({ ...options, ...tls, allowHalfOpen: true }) : createServer(options);
    // Clients without `Upgrade` end their input by closing their half; what is still written to them must arrive.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('request', (request, response) => this.#answer({ request, response, reachableByBrowsers }));
    server.on('upgrade', (request, stream, head) => {
      stream.on('error', () => {});
      this.#hold(request.socket);
      const response = responseOn(request);
      this.#answer({ request, response, reachableByBrowsers, upgrade: { stream, head } });
    });
    server.on('clientError', answerClientError);
    this.#servers.add(server);
    return server;
  }

  /**
   * Accepts nothing new, ends streams that have no end of their own, and lets the other answers finish for up to
   * `graceMs`. Clients whose sockets were passed on don't notice.
   */
  async stop(graceMs = 5_000): Promise<void> {
    this.#stopping.abort();
    const servers = [...this.#servers];
    this.#servers.clear();
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    const timer = setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, graceMs);
    for (const server of servers) server.closeIdleConnections();
    // Only our descriptor is closed: a client whose socket was passed on keeps its connection.
    for (const socket of this.#hijacked) socket.destroy();
    await Promise.all(closed);
    clearTimeout(timer);
  }

  #hijacks(request: IncomingMessage): boolean {
    try {
      const { path } = parseTarget(request.url ?? '/');
      return this.#router.match(request.method ?? 'GET', path).route.kind === 'hijack';
    } catch {
      return false;
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    response.on('error', () => {});
    let call: Call | undefined;
    try {
      if (exchange.reachableByBrowsers) refuseWebPages(request, this.#allowedHosts);
      const { version, path, query } = parseTarget(request.url ?? '/');
      const { handler, params } = this.#route(request.method ?? 'GET', path);
      const { logger } = this.#deps;
      const init = { ...exchange, version, query, params, logger, stopping: this.#stopping.signal };
      call = new Call({ ...init, headers: this.#headers });
      await handler(call);
    } catch (error) {
      this.#fail(error, exchange, call);
    }
    if (call?.hijacked) this.#hold(request.socket);
  }

  #route(method: string, path: string): { handler: Handler; params: Readonly<Record<string, string>> } {
    if (method === 'OPTIONS') return { handler: (call) => call.empty(200), params: {} };
    const { route, params } = this.#router.match(method, path);
    return { handler: route.handler, params };
  }

  #hold(socket: Duplex): void {
    if (socket.destroyed) return;
    this.#hijacked.add(socket);
    socket.once('close', () => this.#hijacked.delete(socket));
  }

  #fail(error: unknown, { request, response }: Exchange, call: Call | undefined): void {
    const isGone = response.destroyed || request.socket.destroyed;
    if (isGone && !call?.hijacked) return;
    const requestId = newId().slice(0, 16);
    const { status, message } = toHttpError(error, requestId);
    if (isBug(error)) {
      const { method, url } = request;
      this.#deps.logger.error({ err: error, requestId, method, url }, 'a request failed');
    }
    if (call?.hijacked) call.hijacked.stream.end(`${message}\r\n`);
    else if (response.headersSent) response.destroy();
    else answerError(request, response, status, message);
  }
}

export const createApi = (deps: ApiDeps, options: ApiOptions): ApiServer => new ApiServer(deps, options);

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  reachableByBrowsers: boolean;
  /** Set for a request with `Upgrade` on a route that hijacks. */
  upgrade?: { stream: Duplex; head: Buffer };
}

/** A way to answer a request to upgrade in HTTP after all. */
function responseOn(request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(request.socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => request.socket.destroySoon());
  return response;
}

function answerError(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (status === STATUS['not-modified']) {
    response.writeHead(status).end();
    return;
  }
  const text = Buffer.from(`${JSON.stringify({ message })}\n`);
  // A connection that is closed before all was read breaks off at the client's side, too, even if there is an answer to read.
  if (!request.complete && !request.headers.upgrade) response.shouldKeepAlive = true;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  response.end(text);
  // What the client is still sending is read and dropped for a moment, so that it gets to read the answer.
  if (!request.complete) {
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), UNREAD_BODY_MS);
    request.once('end', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
  }
}

const CLIENT_ERRORS: Readonly<Record<string, [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `the request's headers are larger than ${MAX_HEADER_BYTES} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request's headers did not arrive in time"],
};

/** Answers what is no HTTP request. */
function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'malformed HTTP request'];
  const body = `${JSON.stringify({ message })}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
