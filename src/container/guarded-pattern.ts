// SPDX-License-Identifier: Apache-2.0
import { Script } from 'node:vm';

const TIMEOUT_MS = 100;
const MAX_PATTERN_LENGTH = 1000;

const search = new Script('texts.map((text) => pattern.test(text))');

/**
 * Which of `texts` a caller's pattern is found in; none if it is not a valid pattern. JavaScript's patterns can take
 * exponential time where Go's can't, so the search is cut off, and a pattern that is cut off finds nothing.
 */
export function matchPattern(source: string, texts: readonly string[]): boolean[] {
  if (isPlain(source)) return texts.map((text) => text.includes(source));
  const pattern = compilePattern(source);
  try {
    if (pattern) return search.runInNewContext({ pattern, texts }, { timeout: TIMEOUT_MS });
  } catch {
    // Cut off.
  }
  return texts.map(() => false);
}

const isPlain = (source: string): boolean => /^[\w/-]*$/.test(source);

/** A pattern in Go's form, with flags at its front as in `(?i)name`; `undefined` for what is none. */
export function compilePattern(source: string): RegExp | undefined {
  if (source.length > MAX_PATTERN_LENGTH) return undefined;
  const flags = /^\(\?([ims]+)\)/.exec(source);
  try {
    return new RegExp(source.slice(flags?.[0].length ?? 0), [...new Set(flags?.[1])].join(''));
  } catch {
    return undefined;
  }
}
