// SPDX-License-Identifier: Apache-2.0
import { type MessagePort, parentPort } from 'node:worker_threads';
import { EngineError, messageOf } from '#core/errors.ts';
import { overlayChanges, treeChanges } from '#layer/changes.ts';
import { flatten } from '#layer/flatten.ts';
import { receive } from '#layer/receive.ts';
import { removeAt } from '#layer/tree.ts';
import { sizeOfDirectory, unpack } from '#layer/unpack.ts';
import type { InputMessage, ReceiveEvent, Task, TaskMessage, WorkerMessage } from '#layer/worker-protocol.ts';
import { AT_FDCWD } from '#linux/at.ts';

/** The entry of a worker thread: one task after another. */

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker thread');
const send = (message: WorkerMessage): void => port.postMessage(message);

port.on('message', async ({ id, task, cancelled, input }: TaskMessage) => {
  const checkCancelled = (): void => {
    if (Atomics.load(cancelled, 0) !== 0) throw new EngineError('unavailable', 'the operation was cancelled');
  };
  try {
    const result = await perform(task, checkCancelled, input, (event) => send({ id, event }));
    send({ id, result });
  } catch (error) {
    const code = error instanceof EngineError ? error.code : undefined;
    send({ id, failure: { code, message: messageOf(error), stack: error instanceof Error ? error.stack : undefined } });
  } finally {
    input?.close();
  }
});

async function perform(
  task: Task,
  checkCancelled: () => void,
  input: MessagePort | undefined,
  emit: (event: ReceiveEvent) => void,
): Promise<unknown> {
  switch (task.kind) {
    case 'unpack':
      return unpack(task, checkCancelled);
    case 'receive':
      if (input === undefined) throw new Error('there is nothing to receive from');
      return receive(task, chunksOf(input), checkCancelled, emit);
    case 'changes':
      return overlayChanges(task);
    case 'size':
      return sizeOfDirectory(task.path);
    case 'flatten':
      return flatten(task.layers, task.target, checkCancelled);
    case 'compare':
      return treeChanges(task.before, task.after);
    case 'remove':
      return removeAt(AT_FDCWD, Buffer.from(task.path));
  }
}

/** The chunks that the engine sends; each is acknowledged when the next one is asked for. */
async function* chunksOf(input: MessagePort): AsyncGenerator<Buffer> {
  const queue: InputMessage[] = [];
  let wake: (() => void) | undefined;
  const push = (message: InputMessage): void => {
    queue.push(message);
    wake?.();
  };
  input.on('message', push);
  input.on('close', () => push({ error: 'the stream was broken off' }));
  for (;;) {
    const message = queue.shift();
    if (message === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if ('chunk' in message) {
      yield Buffer.from(message.chunk.buffer, message.chunk.byteOffset, message.chunk.byteLength);
      input.postMessage(message.chunk.byteLength);
    } else if ('error' in message)
      throw new EngineError('invalid-parameter', `failed to read the archive: ${message.error}`);
    else return;
  }
}
