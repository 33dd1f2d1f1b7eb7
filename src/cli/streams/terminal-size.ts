// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type Streams, terminalSize } from '#cli/command.ts';

type Resize = (size: { rows: number; columns: number }) => Promise<void>;

const ATTEMPTS = 10;

/** Gives the container's terminal the size of this one, now and whenever it changes. Disposing stops that. */
export function followTerminalSize(streams: Streams, resize: Resize): Disposable {
  const update = (): void => {
    resize(terminalSize(streams)).catch(() => {});
  };
  void resizeFirst(streams, resize);
  streams.stdout.on('resize', update);
  return { [Symbol.dispose]: () => streams.stdout.off('resize', update) };
}

/** The process may not be there yet: tried again, a little later each time. */
async function resizeFirst(streams: Streams, resize: Resize): Promise<void> {
  for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
    try {
      const size = terminalSize(streams);
      if (size.rows > 0 || size.columns > 0) await resize(size);
      return;
    } catch {
      await sleep((attempt + 1) * 10, undefined, { ref: false });
    }
  }
  streams.stderr.write('failed to resize tty, using default size\n');
}
