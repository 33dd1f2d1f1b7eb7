// SPDX-License-Identifier: Apache-2.0
import {
  keyOf,
  OPTIONS,
  type Option,
  type OptionValue,
  type RuntimeTable,
  type UlimitTable,
} from '#daemon/config/options.ts';
import {
  parseBool,
  parseInteger,
  parsePair,
  parsePool,
  parseRuntime,
  parseUlimit,
} from '#daemon/config/parse-value.ts';

/** Values given on the command line, by key; what is not in it was not given. */
export type Values = Map<string, OptionValue>;

const BY_FLAG = new Map(OPTIONS.map((option) => [option.flag, option]));
const BY_SHORT = new Map(OPTIONS.flatMap((option) => (option.short ? [[option.short, option]] : [])));

/**
 * Reads a command line the way pflag does: `--name=value`, `--name value`, `-n value`, `-nvalue`, `-abc`, and booleans
 * that take a value only after `=`. Throws with pflag's words.
 */
export function parseFlags(argv: readonly string[]): Values {
  const values: Values = new Map();
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--' && rest.length === 0) break;
    if (word.startsWith('--') && word.length > 2) parseLong(word, rest, values);
    else if (word.startsWith('-') && word.length > 1) parseShort(word, rest, values);
    else throw new Error(`"hoyd" accepts no arguments.\nSee 'hoyd --help'.`);
  }
  return values;
}

function parseLong(word: string, rest: string[], values: Values): void {
  const [, name = '', given] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
  const option = BY_FLAG.get(name);
  if (!option) throw new Error(`unknown flag: --${name}`);
  if (given !== undefined) set(option, `--${name}`, given, values);
  else if (option.kind === 'bool') set(option, `--${name}`, 'true', values);
  else set(option, `--${name}`, argumentOf(`--${name}`, rest), values);
}

function parseShort(word: string, rest: string[], values: Values): void {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const option = BY_SHORT.get(letter);
    if (!option) throw new Error(`unknown shorthand flag: '${letter}' in ${word}`);
    const name = `-${letter}, --${option.flag}`;
    const tail = word.slice(at + 1);
    if (tail.startsWith('=') || option.kind !== 'bool') {
      const value = tail === '' ? argumentOf(`'${letter}' in ${word}`, rest) : tail.replace(/^=/, '');
      set(option, name, value, values);
      return;
    }
    set(option, name, 'true', values);
  }
}

function argumentOf(name: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined) throw new Error(`flag needs an argument: ${name}`);
  return value;
}

function set(option: Option, name: string, text: string, values: Values): void {
  const key = keyOf(option);
  try {
    values.set(key, merge(option, values.get(key), text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`invalid argument ${JSON.stringify(text)} for "${name}" flag: ${reason}`);
  }
}

function merge(option: Option, before: OptionValue | undefined, text: string): OptionValue {
  switch (option.kind) {
    case 'string':
      return text;
    case 'bool':
      return parseBool(text);
    case 'int':
      return parseInteger(text);
    case 'list':
      return [...((before as string[] | undefined) ?? []), text];
    case 'pairs': {
      const [name, value] = parsePair(text);
      return { ...(before as Record<string, string> | undefined), [name]: value };
    }
    case 'switches': {
      const [name, value] = text.includes('=') ? parsePair(text) : [text, 'true'];
      return { ...(before as Record<string, boolean> | undefined), [name]: parseBool(value) };
    }
    case 'runtimes':
      return parseRuntime(text, (before as RuntimeTable | undefined) ?? {});
    case 'ulimits':
      return parseUlimit(text, (before as UlimitTable | undefined) ?? {});
    case 'pools':
      return [...((before as { base: string; size: number }[] | undefined) ?? []), parsePool(text)];
  }
}
