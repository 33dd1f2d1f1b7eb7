// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

const NANO = 1_000_000_000n;

/**
 * Docker's form of a moment in `since` and `until`: seconds since 1970 with up to nine decimals, as nanoseconds.
 * Undefined when empty. Clients turn dates and durations into it themselves.
 */
export function parseUnixTimestamp(text: string, parameter: string): bigint | undefined {
  if (text === '') return undefined;
  const refuse = (why: string) =>
    invalidParameter(`invalid value for ${parameter}: invalid timestamp ${JSON.stringify(text)}: ${why}`);
  const match = /^([+-]?\d{1,19})(?:\.(\d{0,20}))?$/.exec(text);
  if (!match) throw refuse('invalid syntax');
  const [, seconds = '0', fraction = ''] = match;
  if (BigInt(seconds) > 2n ** 63n - 1n || BigInt(seconds) < -(2n ** 63n)) throw refuse('value out of range');
  return BigInt(seconds) * NANO + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** How Go writes a moment that is not there. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339, as Docker's answers carry it. */
export const rfc3339 = (date: Date | undefined): string => date?.toISOString() ?? ZERO_TIME;

export const unixSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
