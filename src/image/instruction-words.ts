// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

/** How Dockerfile instructions spell their arguments. */

/** `["a", "b"]`; `undefined` if it isn't that, which then is a line for the shell. */
export function parseJsonForm(words: string): string[] | undefined {
  if (!words.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(words);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Words between blanks; at least one. */
export function fields(words: string, name: string): string[] {
  const list = words.split(/\s+/).filter(Boolean);
  if (list.length === 0) throw invalidParameter(`${name} requires at least one argument`);
  return list;
}

/** `key=value key2="value 2"`, or the older `key the whole value`. */
export function keyValues(words: string, name: string): [string, string][] {
  const list = splitQuoted(words);
  if (list.length === 0) throw invalidParameter(`${name} requires at least one argument`);
  if (!list[0]?.includes('=')) return [oldForm(words, name)];
  return list.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw invalidParameter(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    const key = unquote(word.slice(0, equals));
    if (key === '') throw invalidParameter(`${name} names can not be blank`);
    return [key, unquote(word.slice(equals + 1))];
  });
}

function oldForm(words: string, name: string): [string, string] {
  const match = /^(\S+)\s+([\s\S]+)$/.exec(words);
  if (match === null) throw invalidParameter(`${name} must have two arguments`);
  return [match[1] ?? '', unquote(match[2] ?? '')];
}

/** Splits at blanks that are neither quoted nor escaped; quotes stay. */
function splitQuoted(words: string): string[] {
  return words.match(/(?:"(?:\\[\s\S]|[^"\\])*"?|'[^']*'?|\\[\s\S]|[^\s"'\\]|\\$)+/g) ?? [];
}

function unquote(word: string): string {
  return word.replace(/"((?:\\[\s\S]|[^"\\])*)"?|'([^']*)'?|\\([\s\S])/g, (_, double, single, escaped) => {
    if (double !== undefined) return double.replace(/\\(["\\$])/g, '$1');
    return single ?? escaped ?? '';
  });
}

const UNITS_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's notation: `1m30s`. */
export function parseDurationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (text === '0') return 0;
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalidParameter(`time: invalid duration ${JSON.stringify(text.slice(0, 100))}`);
  }
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0), 0);
}
