// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineBackend } from '#api/backend.ts';
import { type ApiOptions, type ApiServer, createApi, type ListenerOptions } from '#api/server.ts';
import type { Logger } from '#core/logger.ts';
import { silentLogger } from '#core/logger.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; undefined if it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape.
  json: any;
}

export interface StartOptions extends Partial<ApiOptions> {
  logger?: Logger;
  listener?: Partial<ListenerOptions>;
}

/** An API on a unix socket of its own, for one test. */
export class RunningApi implements AsyncDisposable {
  readonly api: ApiServer;
  readonly socketPath: string;
  readonly #folder: string;

  constructor(api: ApiServer, folder: string) {
    this.api = api;
    this.#folder = folder;
    this.socketPath = join(folder, 'api.sock');
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** `body`: a string is sent as it is, anything else as JSON. */
  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const type =
      payload === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) };
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: this.socketPath,
        method,
        path,
        headers: { ...type, ...headers },
        agent: false as const,
      };
      const sent = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
        });
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.call('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.call('POST', path, body, headers);
  }

  /** Sends bytes and collects what comes back until the server closes or `untilText` was seen. */
  raw(bytes: string | Buffer, untilText?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.socketPath);
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (untilText !== undefined && received.includes(untilText)) socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
      });
      socket.on('close', () => resolve(received));
      socket.write(bytes);
    });
  }

  connect(): Socket {
    return connect({ path: this.socketPath, allowHalfOpen: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.stop(50);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function startApi(backend: EngineBackend, options: StartOptions = {}): Promise<RunningApi> {
  const { logger = silentLogger, listener, ...apiOptions } = options;
  const api = createApi({ backend, logger }, { engineVersion: '0.1.0', ...apiOptions });
  const running = new RunningApi(api, mkdtempSync(join(tmpdir(), 'hoy-api-')));
  const server = api.createListener({ reachableByBrowsers: false, ...listener });
  await new Promise<void>((resolve) => server.listen(running.socketPath, resolve));
  return running;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
