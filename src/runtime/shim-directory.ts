// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno } from '#linux/errno.ts';
import { ShimConnection } from '#runtime/shim-connection.ts';
import { FRAME } from '#runtime/shim-protocol.ts';

const SOCKET = 'shim.sock';
/** Room for a path in a socket address. */
const MAX_SOCKET_PATH = 107;
/** Only a hoyd that died between two steps of a launch can have left a shim that has no socket yet. */
const TRIES = 4;
const RETRY_MS = 50;

/** What a shim says first to a hoyd that connects. */
export interface Hello {
  version: number;
  pid: number;
  running: boolean;
}

/** Connects to the shim that lives in `directory`; `undefined` if there is none. */
export async function connectToShim(directory: string): Promise<ShimConnection | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return new ShimConnection(await connectIn(directory));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'ECONNREFUSED', 'ENOTDIR')) throw error;
      if (attempt === TRIES || existsSync(join(directory, 'exit.json'))) return undefined;
      await sleep(RETRY_MS);
    }
  }
}

async function connectIn(directory: string): Promise<Socket> {
  const path = join(directory, SOCKET);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return connected(path);
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await connected(`/proc/self/fd/${descriptor}/${SOCKET}`);
  } finally {
    closeSync(descriptor);
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** The state of the shim behind a new connection; `undefined` if it ended before it said. Waits while a start is under way. */
export function greeting(connection: ShimConnection): Promise<{ pid: number; exit?: string } | undefined> {
  return new Promise((resolve) => {
    connection.onClose = () => resolve(undefined);
    const settle = (state: { pid: number; exit?: string }): void => {
      connection.listen(undefined);
      resolve(state);
    };
    connection.listen(({ type, payload }) => {
      if (type === FRAME.exited || type === FRAME.failed) return settle({ pid: 0, exit: payload.toString() });
      if (type !== FRAME.hello && type !== FRAME.started) return;
      const hello = JSON.parse(payload.toString()) as Hello;
      if (type === FRAME.started || hello.running) settle({ pid: hello.pid });
    });
  });
}
