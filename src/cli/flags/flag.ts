// SPDX-License-Identifier: Apache-2.0

/** How a flag's text is read, and how help names it. */
export interface FlagType {
  /** Shown after the flag's name: `string`, `list`, `bytes`. Empty for a switch. */
  label: string;
  /** Throws an error whose message says what is wrong with `text`. */
  parse(text: string): unknown;
  /** May be given more than once; the values are kept in a list. */
  repeats: boolean;
}

export interface Flag {
  name: string;
  /** One letter. */
  short?: string;
  type: FlagType;
  /** One sentence for help. */
  usage: string;
  /** Used when the flag is not given. */
  initial?: unknown;
  /** As help shows the initial value; absent when that says nothing. */
  shownInitial?: string;
  /** Works, but help doesn't mention it. */
  isHidden?: boolean;
  /** What to use instead; said when the flag is given. */
  deprecated?: string;
}

type Extra = Partial<Pick<Flag, 'isHidden' | 'deprecated' | 'shownInitial' | 'initial'>>;

/** Splits `e, env` into the letter and the name. */
function named(names: string): Pick<Flag, 'name' | 'short'> {
  const [first = '', second] = names.split(', ');
  return second === undefined ? { name: first } : { short: first, name: second };
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function parseSwitch(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

export const SWITCH: FlagType = { label: '', parse: parseSwitch, repeats: false };
const TEXT: FlagType = { label: 'string', parse: (text) => text, repeats: false };

/** A switch; `names` is `a, all` or `rm`. */
export function bool(names: string, usage: string, initial = false, extra: Extra = {}): Flag {
  return { ...named(names), type: SWITCH, usage, initial, ...(initial && { shownInitial: 'true' }), ...extra };
}

export function string(names: string, usage: string, initial = '', extra: Extra = {}): Flag {
  return { ...named(names), type: TEXT, usage, initial, ...(initial && { shownInitial: `"${initial}"` }), ...extra };
}

/** A whole number between `minimum` and `maximum`. */
export function integer(
  names: string,
  usage: string,
  initial = 0,
  extra: Extra & { label?: string; minimum?: number; maximum?: number } = {},
): Flag {
  const { label = 'int', minimum = -(2 ** 63), maximum = 2 ** 63 - 1, ...rest } = extra;
  const type: FlagType = { label, repeats: false, parse: (text) => parseInteger(text, minimum, maximum) };
  return { ...named(names), type, usage, initial, ...(initial !== 0 && { shownInitial: String(initial) }), ...rest };
}

function parseInteger(text: string, minimum: number, maximum: number): number {
  const parser = minimum < 0 ? 'strconv.ParseInt' : 'strconv.ParseUint';
  const digits = minimum < 0 ? /^[+-]?(\d+|0x[0-9a-f]+|0o?[0-7]+|0b[01]+)$/i : /^(\d+|0x[0-9a-f]+|0o?[0-7]+|0b[01]+)$/i;
  if (!digits.test(text)) throw new Error(`${parser}: parsing ${JSON.stringify(text)}: invalid syntax`);
  const sign = text.startsWith('-') ? -1 : 1;
  const magnitude = text.replace(/^[+-]/, '').replace(/^0(?=[0-7]+$)/, '0o');
  const value = sign * Number(magnitude);
  if (value < minimum || value > maximum) {
    throw new Error(`${parser}: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}

/** A value of a type of its own. */
export function value(
  names: string,
  label: string,
  usage: string,
  parse: (text: string) => unknown,
  extra: Extra = {},
): Flag {
  return { ...named(names), type: { label, parse, repeats: false }, usage, ...extra };
}

/** A flag that may be given again; each value is read by `parse`. */
export function list(
  names: string,
  usage: string,
  parse: (text: string) => unknown = (text) => text,
  extra: Extra & { label?: string } = {},
): Flag {
  const { label = 'list', ...rest } = extra;
  return { ...named(names), type: { label, parse, repeats: true }, usage, ...rest };
}
