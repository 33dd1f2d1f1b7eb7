// SPDX-License-Identifier: Apache-2.0

/** A part of the engine with a life. `stop` is called at most once, and only after `start` succeeded. */
export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the parts in order; if one fails, stops those already started, in reverse, and throws its error. */
export async function startAll(parts: readonly Startable[]): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  for (const part of parts) {
    await part.start();
    started.defer(() => part.stop());
  }
  return started.move();
}
