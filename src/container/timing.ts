// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#core/clock.ts';

/** Whether `promise` settles within the time; negative is without limit. */
export function settlesWithin(clock: Clock, promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = milliseconds < 0 ? undefined : clock.after(milliseconds, () => resolve(false));
    const settled = (): void => {
      timer?.[Symbol.dispose]();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

export const pause = (clock: Clock, milliseconds: number): Promise<void> =>
  new Promise((resolve) => void clock.after(milliseconds, resolve));
