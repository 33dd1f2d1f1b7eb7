// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Streams } from '#cli/command.ts';
import { DetachWatcher, parseDetachKeys } from '#cli/streams/detach-keys.ts';
import type { Hijacked } from '#client/connection.ts';
import { copyFrames, copyRaw } from '#client/frames.ts';

export interface AttachedOptions {
  streams: Streams;
  /** The container has a terminal: bytes go as they are, and keys can detach. */
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: string;
}

/** How it ended: the output's end, or the person detached. */
export type AttachEnd = 'ended' | 'detached';

/** Connects this process's streams with a container's until its output ends or the person detaches. */
export async function connectStreams(socket: Hijacked, options: AttachedOptions): Promise<AttachEnd> {
  const restore = options.stdin && options.tty ? makeRaw(options.streams) : () => {};
  try {
    const detached = options.stdin ? sendInput(socket, options) : endInput(socket);
    return await Promise.race([receiveOutput(socket, options), detached]);
  } finally {
    restore();
    options.streams.stdin.pause();
    socket.destroy();
  }
}

async function receiveOutput(socket: Hijacked, options: AttachedOptions): Promise<AttachEnd> {
  const { stdout, stderr } = options.streams;
  if (options.tty) await copyRaw(socket, options.stdout || options.stderr ? stdout : undefined);
  else await copyFrames(socket, { ...(options.stdout && { stdout }), ...(options.stderr && { stderr }) });
  return 'ended';
}

function endInput(socket: Hijacked): Promise<AttachEnd> {
  socket.end();
  return new Promise(() => {});
}

/** Copies standard input to the container; its end closes only that direction. Resolves when the person detaches. */
function sendInput(socket: Hijacked, options: AttachedOptions): Promise<AttachEnd> {
  const { stdin } = options.streams;
  const watcher = options.tty ? watchKeys(options.detachKeys) : undefined;
  return new Promise((resolve) => {
    stdin.on('data', (chunk: Buffer) => {
      const { passed, detached } = watcher?.push(chunk) ?? { passed: chunk, detached: false };
      if (passed.length > 0) sendChunk(socket, stdin, passed);
      if (detached) resolve('detached');
    });
    stdin.once('end', () => socket.end());
    stdin.once('error', () => socket.end());
    stdin.resume();
  });
}

function sendChunk(socket: Writable, stdin: Streams['stdin'], chunk: Buffer): void {
  if (!socket.writable || socket.write(chunk)) return;
  stdin.pause();
  socket.once('drain', () => stdin.resume());
}

/** Docker takes its default keys when the configured ones make no sense. */
function watchKeys(text: string): DetachWatcher {
  return new DetachWatcher(parseDetachKeys(text) ?? parseDetachKeys('') ?? Buffer.alloc(0));
}

/** Keys go to the container as they are typed; the returned function gives the terminal back. */
function makeRaw(streams: Streams): () => void {
  const { stdin } = streams;
  if (!stdin.isTTY || process.env.NORAW) return () => {};
  stdin.setRawMode?.(true);
  // Node.js leaves the translation of line ends on, which garbles full-screen programs.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  return () => {
    stdin.setRawMode?.(false);
  };
}

/** Typing into a container's terminal needs one here. */
export function checkTerminal(streams: Streams, stdin: boolean, tty: boolean): void {
  if (tty && stdin && !streams.stdin.isTTY) throw new Error('the input device is not a TTY');
}
