// SPDX-License-Identifier: Apache-2.0
import { parseDuration } from '#cli/format/duration.ts';

/** `2006-01-02`, `2006-01-02T15`, … with or without a zone; without one it is local time. */
const DATE = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A moment as the API wants it, seconds and nanoseconds since 1970: given as such, as a date, or as how long ago it
 * was. `undefined` for an empty text.
 */
export function toTimestamp(text: string, now: number = Date.now()): string | undefined {
  if (text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  const ago = parseAgo(text);
  if (ago !== undefined) return format(BigInt(now) * 1_000_000n - ago);
  const match = DATE.exec(text);
  const moment = match && parseDate(match);
  if (moment === undefined || moment === null) {
    throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  return moment;
}

function parseAgo(text: string): bigint | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

function parseDate(match: RegExpExecArray): string | undefined {
  const [, date, hours = '00', minutes = '00', seconds = '00', fraction = '', zone = ''] = match;
  const milliseconds = Date.parse(`${date}T${hours}:${minutes}:${seconds}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return `${Math.trunc(milliseconds / 1000)}.${fraction.slice(1).padEnd(9, '0')}`;
}

function format(nanoseconds: bigint): string {
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;
}
