// SPDX-License-Identifier: Apache-2.0
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { invalidParameter } from '#core/errors.ts';
import type { Call } from './call.ts';

/** A terminal's input comes in small messages; a larger one is an attack on our memory. */
const MAX_MESSAGE_BYTES = 1 << 20;

/** Completes the handshake and gives the messages' contents as a stream. The library is loaded on first use. */
export async function acceptWebSocket(call: Call, { binary }: { binary: boolean }): Promise<Duplex> {
  const { upgrade, request } = call;
  if (!upgrade) throw invalidParameter('the request is no websocket handshake: the header Upgrade is missing');
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const socket = await new Promise<WebSocket>((resolve, reject) => {
    server.once('wsClientError', (error) => reject(invalidParameter(`websocket handshake: ${error.message}`)));
    server.handleUpgrade(request, upgrade.stream, upgrade.head, resolve);
  });
  call.response.detachSocket(request.socket);
  return streamOf(socket, binary);
}

function streamOf(socket: WebSocket, binary: boolean): Duplex {
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _encoding, done) => socket.send(chunk, { binary }, done),
    final: (done) => {
      socket.close();
      done();
    },
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (data: Buffer) => {
    if (!stream.push(data)) socket.pause();
  });
  socket.once('close', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  // A client that goes away in the middle is nothing to stop the process for.
  stream.on('error', () => {});
  return stream;
}
