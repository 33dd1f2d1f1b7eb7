// SPDX-License-Identifier: Apache-2.0
import type { Progress } from '#model/image.ts';

/**
 * Runs `work` and yields what it reports while it runs. An error of the work is thrown after everything it reported.
 * When the reader leaves, the signal that the work was given is aborted.
 */
export async function* reportProgress(
  signal: AbortSignal,
  work: (report: (progress: Progress) => void, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<Progress> {
  const left = new AbortController();
  const queue: Progress[] = [];
  let wake: () => void = () => {};
  let isDone = false;
  const report = (progress: Progress): void => {
    queue.push(progress);
    wake();
  };
  const done = work(report, AbortSignal.any([signal, left.signal])).finally(() => {
    isDone = true;
    wake();
  });
  done.catch(() => {});
  try {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (isDone) break;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    await done;
  } finally {
    left.abort();
  }
}
