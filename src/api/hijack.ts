// SPDX-License-Identifier: Apache-2.0

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { AttachedClient } from '#model/client.ts';

/** What the stream of a hijacked connection holds (`Content-Type` of the answer). */
export const RAW_STREAM = 'application/vnd.docker.raw-stream';
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/**
 * A connection that was HTTP. Before `accept` the request can still be answered as usual; afterwards the client's bytes
 * are the stream's.
 */
export interface Hijackable {
  request: IncomingMessage;
  response: ServerResponse;
  /** Bytes behind the head of a request with `Upgrade`; undefined for one without: Docker hijacks those too. */
  upgradeHead: Buffer | undefined;
  /** What node gave us to speak the new protocol on, with `Upgrade`. */
  upgradeStream: Duplex | undefined;
}

/** Sends the head of the answer and gives the connection away. The request's body must have been read. */
export async function accept(
  connection: Hijackable,
  contentType: string,
  headers: Record<string, string>,
): Promise<AttachedClient> {
  const client = connection.upgradeHead === undefined ? takeOldStyle(connection) : await takeUpgraded(connection);
  // An engine that is done with the client, or a client that is gone, is nothing to stop the process for.
  client.stream.on('error', () => {});
  client.stream.write(answerHead(connection.upgradeHead !== undefined, contentType, headers));
  return client;
}

function answerHead(upgraded: boolean, contentType: string, headers: Record<string, string>): string {
  const lines = upgraded
    ? ['HTTP/1.1 101 UPGRADED', `Content-Type: ${contentType}`, 'Connection: Upgrade', 'Upgrade: tcp']
    : [`HTTP/1.1 200 ${STATUS_CODES[200]}`, `Content-Type: ${RAW_STREAM}`];
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
}

async function takeUpgraded(connection: Hijackable): Promise<AttachedClient> {
  const { request, upgradeHead = Buffer.alloc(0), upgradeStream, response } = connection;
  const { socket } = request;
  response.detachSocket(socket);
  if (!upgradeStream || upgradeStream === socket) return clientOf(socket, upgradeHead);
  // With a body still to come node wraps the socket; once the body was read, the wrapper is in the way.
  if (!request.readableEnded) request.resume();
  await nextTurn();
  const buffered: unknown = upgradeStream.read();
  stopListening(socket);
  holdBack(socket);
  return clientOf(socket, Buffer.isBuffer(buffered) ? buffered : Buffer.alloc(0));
}

function takeOldStyle({ request, response }: Hijackable): AttachedClient {
  const { socket } = request;
  response.detachSocket(socket);
  if (!request.complete) {
    // A client that sends its input as the body of the request: node takes the chunks apart.
    const pair = { readable: request, writable: socket } as unknown as Duplex;
    return { stream: Duplex.from(pair), passable: false, head: Buffer.alloc(0) };
  }
  stopListening(socket);
  // The HTTP parser reads the descriptor itself until somebody else listens.
  const ignore = () => {};
  socket.on('readable', ignore);
  socket.removeListener('readable', ignore);
  return clientOf(socket, Buffer.alloc(0));
}

function stopListening(socket: Socket): void {
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
}

/** Keeps what arrives until somebody listens, as with a new socket. */
function holdBack(socket: Socket): void {
  socket.pause();
  // Paused by hand, a stream would wait for `resume` even when it gets a listener.
  Object.assign(socket, { readableFlowing: null });
}

const clientOf = (socket: Socket, head: Buffer): AttachedClient => ({
  stream: socket,
  passable: isPlain(socket),
  head,
});

/** Whether the socket's descriptor carries the client's bytes as they are, so that another process could serve it. */
export const isPlain = (socket: Duplex): boolean => socket instanceof Socket && !(socket instanceof TLSSocket);
