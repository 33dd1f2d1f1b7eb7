// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { descriptorOf } from '#runtime/shim-connection.ts';

/** A client's socket that Node does not touch any more, ready to be passed on. */
export interface StilledSocket {
  descriptor: number;
  /** What Node had read already. */
  head: Buffer;
}

interface ReadableHandle {
  reading?: boolean;
  readStop?(): void;
}

/** Whether the bytes on the wire are those of the stream, so that another process can go on with the descriptor. */
export const isPassable = (client: Duplex): client is Socket =>
  client instanceof Socket && !(client instanceof TLSSocket) && descriptorOf(client) !== undefined;

/**
 * Stops Node from reading, waits until all that was written is in the kernel, and takes what was read but not used.
 * `undefined` if the client went away meanwhile. Until the socket is destroyed the caller can go on with it.
 */
export async function stillSocket(client: Socket): Promise<StilledSocket | undefined> {
  stopReading(client);
  if (client.writableLength > 0) await written(client);
  const chunks: Buffer[] = [];
  while (client.readableLength > 0) {
    const chunk: unknown = client.read();
    if (chunk === null) break;
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, client.readableEncoding ?? 'utf8') : (chunk as Buffer));
  }
  stopReading(client);
  const descriptor = descriptorOf(client);
  return descriptor === undefined ? undefined : { descriptor, head: Buffer.concat(chunks) };
}

/** `pause` alone lets Node read on until its buffer is full; and taking from the buffer starts it again. */
function stopReading(client: Socket): void {
  client.pause();
  const handle = (client as { _handle?: ReadableHandle | null })._handle;
  if (!handle?.readStop) return;
  handle.reading = false;
  handle.readStop();
}

function written(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.off('close', done);
      resolve();
    };
    client.once('close', done);
    client.write('', done);
  });
}

/** Carries bytes between a client and a connection to the shim, half-closes included, until one of them is gone. */
export function carry(client: Duplex, through: Socket): void {
  client.pipe(through);
  through.pipe(client);
  client.on('error', () => through.destroy());
  client.on('close', () => through.destroy());
  through.on('error', () => {});
  through.on('close', () => {
    if (!client.writableEnded) client.end();
  });
}
