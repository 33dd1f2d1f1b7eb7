// SPDX-License-Identifier: Apache-2.0

/** Time as the engine sees it, so that back-off and health timing can be tested without waiting. */
export interface Clock {
  now(): Date;
  /** Runs `callback` once after `delayMs`; disposing cancels it. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => new Date(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
