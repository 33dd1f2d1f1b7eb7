// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One call that the engine got. */
export interface Call {
  method: string;
  /** Without the version. */
  path: string;
  query: URLSearchParams;
  body: string;
}

export interface Answer {
  status?: number;
  /** Sent as JSON, unless it is text. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Takes the connection over after `101 UPGRADED`. */
  hijack?: (socket: Socket) => void;
  /** Writes the body itself. */
  stream?: (response: ServerResponse) => void;
}

/** Answers by `METHOD /path`; what is not listed is a 404. */
export type Routes = Record<string, Answer | ((call: Call) => Answer | Promise<Answer>)>;

/** An engine that gives canned answers on a unix socket, and remembers what it was asked. */
export interface FakeEngine extends AsyncDisposable {
  host: string;
  calls: Call[];
}

export async function startFakeEngine(routes: Routes, apiVersion = '1.50'): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'hoy-cli-'));
  const path = join(folder, 'engine.sock');
  const calls: Call[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket) => void upgrade(request, socket as Socket));

  async function take(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://engine');
    const call = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname.replace(/^\/v\d[\d.]*(?=\/)/, '')),
      query: url.searchParams,
      body: await readBody(request),
    };
    if (call.path !== '/_ping') calls.push(call);
    const route = routes[`${call.method} ${call.path}`];
    if (call.path === '/_ping') return { body: 'OK' };
    if (!route) return { status: 404, body: { message: `page not found: ${call.method} ${call.path}` } };
    return typeof route === 'function' ? route(call) : route;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status = 200, body, headers, stream } = await take(request);
    response.writeHead(status, {
      'Api-Version': apiVersion,
      Ostype: 'linux',
      'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json',
      ...headers,
    });
    if (stream) stream(response);
    else response.end(body === undefined || request.method === 'HEAD' ? undefined : asText(body));
  }

  async function upgrade(request: IncomingMessage, socket: Socket): Promise<void> {
    const { hijack, status = 500, body } = await take(request);
    if (hijack) {
      socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n');
      socket.write('Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      hijack(socket);
      return;
    }
    const text = asText(body ?? { message: 'no' });
    socket.end(
      `HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }

  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    host: `unix://${path}`,
    calls,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const asText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** A frame of a multiplexed stream. */
export function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
