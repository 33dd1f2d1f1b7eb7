// SPDX-License-Identifier: Apache-2.0

/** One record of comma-separated values, where a field in double quotes may hold commas (`type=bind,"src=/a,b"`). */
export function parseCsv(text: string): string[] {
  if (text === '') throw new Error('EOF');
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  let position = 0;
  for (;;) {
    field.lastIndex = position;
    const match = field.exec(text);
    if (!match) throw new Error(`parse error on line 1, column ${position + 1}: bare " in non-quoted-field`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
    position = field.lastIndex;
  }
}

/** Splits at the first separator; the second part is `undefined` when there is none. */
export function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A Go boolean; `undefined` if it is none. */
export function parseBoolean(text: string): boolean | undefined {
  return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined;
}
