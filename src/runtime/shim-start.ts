// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { inOrder, streamPair } from '#runtime/shim-client.ts';
import type { ShimConnection } from '#runtime/shim-connection.ts';
import { encodeAttach, FRAME } from '#runtime/shim-protocol.ts';
import { carry, isPassable, stillSocket } from '#runtime/shim-socket.ts';
import { startError } from '#runtime/start-error.ts';
import type { ShimAttach, ShimLaunch } from '#runtime/types.ts';

/** A client that is to be there before the process. */
export interface Attachment {
  client: Socket | Duplex;
  passable: boolean;
  options: ShimAttach;
}

/** A client that the shim has, and hoyd too, until it is clear that the process runs. */
export interface HandOver {
  complete(): void;
  giveUp(): void;
}

/** Sends the client to the shim. Nothing is waited for: the shim takes frames in order, the start comes last. */
export async function connectBeforeStart(connection: ShimConnection, attachment: Attachment): Promise<HandOver> {
  const { client, passable, options } = attachment;
  if (passable && isPassable(client)) return passBeforeStart(connection, client, options);
  const { stream, theirs } = streamPair();
  connection.post(FRAME.attach, encodeAttach(options, options.head), theirs);
  closeSync(theirs);
  return { complete: () => carry(client, stream), giveUp: () => stream.destroy() };
}

async function passBeforeStart(connection: ShimConnection, client: Socket, options: ShimAttach): Promise<HandOver> {
  const stilled = await stillSocket(client);
  if (!stilled) return { complete: () => {}, giveUp: () => {} };
  const head = inOrder(options.head, stilled.head);
  connection.post(FRAME.attach, encodeAttach(options, head), stilled.descriptor);
  return { complete: () => client.destroy(), giveUp: () => {} };
}

/** Tells the shim to start the process. Resolves with the process's number, rejects with the runtime's reason. */
export async function awaitStart(connection: ShimConnection, launch: ShimLaunch): Promise<number> {
  const outcome = await new Promise<{ pid?: number; error?: string }>((resolve) => {
    connection.onClose = () => resolve({ error: 'the shim ended before the process was started' });
    connection.listen(({ type, payload }) => {
      if (type !== FRAME.started && type !== FRAME.failed) return;
      connection.listen(undefined);
      resolve(JSON.parse(payload.toString()));
    });
    connection.post(FRAME.start);
  });
  if (outcome.error === undefined) return outcome.pid ?? 0;
  throw startError(outcome.error, {
    kind: launch.process.kind,
    runtime: launch.runtime.name,
    command: await commandOf(launch),
  });
}

/** The first word of the command, which not every runtime names. */
async function commandOf({ process }: ShimLaunch): Promise<string> {
  const path = process.kind === 'init' ? join(process.bundle, 'config.json') : process.processFile;
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as { process?: { args?: string[] }; args?: string[] };
    return (process.kind === 'init' ? file.process?.args : file.args)?.[0] ?? '';
  } catch {
    return '';
  }
}
