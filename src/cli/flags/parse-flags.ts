// SPDX-License-Identifier: Apache-2.0
import { type Flag, SWITCH } from '#cli/flags/flag.ts';
import { FlagValues } from '#cli/flags/flag-values.ts';

export interface ParsedArguments {
  values: FlagValues;
  operands: string[];
  /** Deprecated flags that were given, with what to say of each. */
  notes: string[];
}

/** A command line that doesn't fit the flags; the caller adds the command's usage. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

export interface ParseOptions {
  /** Flags may follow operands. False: the first operand ends the flags (`run IMAGE COMMAND --its-own-flag`). */
  interspersed: boolean;
  /** `--help` and `-h` when no flag of that name is there. */
  onHelp: () => never;
}

/** Reads a command line the way Docker's client does (pflag): `--flag=value`, `--flag value`, `-abc`, `-e=x`, `-ex`, `--`. */
export function parseFlags(words: readonly string[], flags: readonly Flag[], options: ParseOptions): ParsedArguments {
  const parser = new FlagParser(words, flags, options);
  return parser.parse();
}

class FlagParser {
  readonly #words: readonly string[];
  readonly #byName: ReadonlyMap<string, Flag>;
  readonly #byShort: ReadonlyMap<string, Flag>;
  readonly #options: ParseOptions;
  readonly #result: ParsedArguments;
  #next = 0;

  constructor(words: readonly string[], flags: readonly Flag[], options: ParseOptions) {
    this.#words = words;
    this.#options = options;
    this.#byName = new Map(flags.map((flag) => [flag.name, flag]));
    this.#byShort = new Map(flags.flatMap((flag) => (flag.short ? [[flag.short, flag] as const] : [])));
    this.#result = { values: new FlagValues(flags), operands: [], notes: [] };
  }

  parse(): ParsedArguments {
    while (this.#next < this.#words.length) {
      const word = this.#words[this.#next++] ?? '';
      if (word === '--') return this.#takeRest();
      if (word.startsWith('--')) this.#parseLong(word);
      else if (word.startsWith('-') && word.length > 1) this.#parseShort(word);
      else {
        this.#result.operands.push(word);
        if (!this.#options.interspersed) return this.#takeRest();
      }
    }
    return this.#result;
  }

  #takeRest(): ParsedArguments {
    this.#result.operands.push(...this.#words.slice(this.#next));
    return this.#result;
  }

  #parseLong(word: string): void {
    const [name = '', inline] = cut(word.slice(2));
    if (name === '' || name.startsWith('-')) throw new FlagError(`bad flag syntax: ${word}`);
    const flag = this.#byName.get(name);
    if (flag) this.#set(flag, inline ?? (flag.type === SWITCH ? 'true' : this.#takeValue(`--${name}`)));
    else if (name === 'help') this.#options.onHelp();
    else throw new FlagError(`unknown flag: --${name}`);
  }

  /** Letters of switches, then perhaps one that takes what follows in the word, or the next word. */
  #parseShort(word: string): void {
    const letters = word.slice(1);
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index] ?? '';
      const shown = `'${letter}' in -${letters.slice(index)}`;
      const flag = this.#byShort.get(letter);
      if (!flag && letter === 'h') this.#options.onHelp();
      if (!flag) throw new FlagError(`unknown shorthand flag: ${shown}`);
      const rest = letters.slice(index + 1);
      const inline = rest.length > 1 && rest.startsWith('=') ? rest.slice(1) : undefined;
      const isSwitch = flag.type === SWITCH;
      this.#set(flag, inline ?? (isSwitch ? 'true' : rest || this.#takeValue(shown)));
      if (inline !== undefined || !isSwitch) break;
    }
  }

  #takeValue(shown: string): string {
    const value = this.#words[this.#next++];
    if (value === undefined) throw new FlagError(`flag needs an argument: ${shown}`);
    return value;
  }

  #set(flag: Flag, text: string): void {
    try {
      this.#result.values.set(flag, flag.type.parse(text));
    } catch (error) {
      const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${(error as Error).message}`);
    }
    if (flag.deprecated) this.#result.notes.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
  }
}

function cut(text: string): [string, string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}
