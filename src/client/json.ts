// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';

/** Sixteen digits or more may be an integer that a JavaScript number can't hold. */
const LONG_NUMBER = /\d{16}/;

/** `JSON.parse`, but an integer beyond 2^53 (nanosecond times, counters) becomes a bigint rather than another number. */
export function parseJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, keepLongIntegers as (key: string, value: unknown) => unknown);
}

function keepLongIntegers(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !context.source) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

/** The values of a stream of JSON documents, one on each line (API: progress, events, stats). */
export async function* readJsonLines(stream: Readable): AsyncGenerator<unknown> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) yield parseJson(line);
  }
  if (rest.trim()) yield parseJson(rest);
}
