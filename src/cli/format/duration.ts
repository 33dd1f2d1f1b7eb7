// SPDX-License-Identifier: Apache-2.0

/** How long something took, to a person: `About a minute`, `2 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`;
}

/** How long ago a moment was, seconds since 1970. */
export const humanAgo = (seconds: number, now: number = Date.now()): string =>
  `${humanDuration(now - seconds * 1000)} ago`;

const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Reads a Go duration (`1m30s`, `500ms`, `-1.5h`, `0`) into nanoseconds. Throws with Go's words. */
export function parseDuration(text: string): bigint {
  const invalid = (): Error => new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const match = /^([+-]?)(.+)$/s.exec(text);
  if (!match?.[2]) throw invalid();
  const [, sign, body] = match;
  if (body === '0') return 0n;
  let total = 0n;
  const part = /(\d+(?:\.\d*)?|\.\d+)([^\d.]*)/y;
  while (part.lastIndex < body.length) {
    const found = part.exec(body);
    if (!found) throw invalid();
    const [, number = '', unit = ''] = found;
    if (unit === '') throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const nanoseconds = UNITS[unit];
    if (nanoseconds === undefined) {
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    total += multiply(number, nanoseconds);
  }
  return sign === '-' ? -total : total;
}

function multiply(number: string, unit: bigint): bigint {
  const [whole = '', fraction = ''] = number.split('.');
  const digits = fraction.slice(0, 18);
  return BigInt(whole || '0') * unit + (BigInt(digits || '0') * unit) / 10n ** BigInt(digits.length);
}
