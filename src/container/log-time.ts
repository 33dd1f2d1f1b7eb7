// SPDX-License-Identifier: Apache-2.0
import type { LogLine } from '#container/log-line.ts';

/**
 * Times of log lines stay text: `2026-01-02T03:04:05.6Z` with up to nine digits. Their fixed form, nine digits always, is what
 * clients are shown and what is compared.
 */

/** `2026-01-02T03:04:05.000000000Z` */
export const TIME_LENGTH = 30;
const SECONDS_LENGTH = 19;
const DIGITS_END = 29;
const ZERO = 48;
const DOT = 46;

const NS_PER_MS = 1_000_000n;
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The fixed form of a moment, without the `Z`. */
export function fixedTime({ nano }: { nano: bigint }): Buffer {
  const rest = ((nano % NS_PER_MS) + NS_PER_MS) % NS_PER_MS;
  const millis = Math.min(Math.max(Number((nano - rest) / NS_PER_MS), FIRST_MS), LAST_MS);
  return Buffer.from(`${new Date(millis).toISOString().slice(0, 23)}${String(rest).padStart(6, '0')}`);
}

/** Negative, 0 or positive, as the line is earlier than, at, or later than `moment` (of `fixedTime`). */
export function compareTime(line: LogLine, moment: Buffer): number {
  for (let i = 0; i < DIGITS_END; i++) {
    const difference = byteAt(line, i) - (moment[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Writes the fixed form and a space; returns where they end. */
export function writeFixedTime(line: LogLine, target: Buffer, at: number): number {
  for (let i = 0; i < DIGITS_END; i++) target[at + i] = byteAt(line, i);
  target[at + DIGITS_END] = 90;
  target[at + TIME_LENGTH] = 32;
  return at + TIME_LENGTH + 1;
}

/** A byte of the line's time in fixed form: digits that were left out are zeros. */
function byteAt(line: LogLine, index: number): number {
  const at = line.timeStart + index;
  if (at < line.timeEnd - 1) return line.timeBytes[at] as number;
  return index === SECONDS_LENGTH ? DOT : ZERO;
}
