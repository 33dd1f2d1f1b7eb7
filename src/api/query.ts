// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

const FALSE = new Set(['', '0', 'no', 'false', 'none']);

/** A request's query, read as Docker reads it. */
export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The first value, or `''`. */
  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  /** Every value of a parameter that may be repeated. */
  all(name: string): string[] {
    return this.#values.getAll(name);
  }

  /** Anything but ``, `0`, `no`, `false` and `none` is true; `absent` is taken when the name does not appear. */
  flag(name: string, absent = false): boolean {
    if (!this.has(name)) return absent;
    return !FALSE.has(this.text(name).trim().toLowerCase());
  }

  /** Undefined when empty; throws when it is no integer. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw invalidParameter(`invalid value ${JSON.stringify(text)} for ${name}: it must be an integer`);
  }

  /** A length of a terminal's side, for `resize`. */
  terminalSide(name: string, word: string): number {
    const text = this.text(name);
    const refuse = (why: string) => invalidParameter(`invalid resize ${word} ${JSON.stringify(text)}: ${why}`);
    if (!/^-?\d+$/.test(text)) throw refuse('invalid syntax');
    const value = Number(text);
    if (value < 0 || value > 2 ** 32 - 1) throw refuse('value out of range');
    return value;
  }
}
