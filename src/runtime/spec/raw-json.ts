// SPDX-License-Identifier: Apache-2.0
import type { RawNumber } from '#runtime/spec/oci.ts';

interface JsonWithSource {
  rawJSON(text: string): RawNumber;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

const json = JSON as unknown as JsonWithSource;

/** A number that `JSON.stringify` writes digit by digit: 64-bit limits don't fit in a JavaScript number. */
export const rawNumber = (digits: string): RawNumber => json.rawJSON(digits);

/** Parses JSON; integers that a JavaScript number would round are kept as they were written. */
export function parseJsonExactly(text: string): unknown {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? rawNumber(source)
      : value,
  );
}
