// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { isAbsolute, join } from 'node:path';
import type { Values } from '#daemon/config/flags.ts';
import type { OptionValue } from '#daemon/config/options.ts';

/** Looks values up, flags before the file, and checks what each key must be. */
export class Reader {
  readonly #flags: Values;
  readonly #file: Values;

  constructor(flags: Values, file: Values) {
    this.#flags = flags;
    this.#file = file;
  }

  value(key: string): OptionValue | undefined {
    return this.#flags.get(key) ?? this.#file.get(key);
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  text(key: string, fallback: string): string {
    return (this.value(key) as string | undefined) ?? fallback;
  }

  flag(key: string, fallback: boolean): boolean {
    return (this.value(key) as boolean | undefined) ?? fallback;
  }

  /** Said to be off, rather than left out. */
  isFalse(key: string): boolean {
    return this.value(key) === false;
  }

  list(key: string): string[] {
    return (this.value(key) as string[] | undefined) ?? [];
  }

  table<T extends object>(key: string): T {
    return ((this.value(key) as T | undefined) ?? {}) as T;
  }

  /** A table that flags and file may both add to. */
  joined<T extends object>(key: string): T {
    return { ...(this.#file.get(key) as T | undefined), ...(this.#flags.get(key) as T | undefined) } as T;
  }

  path(key: string, fallback: string): string {
    const value = this.text(key, fallback);
    if (value === '') throw new Error(`invalid ${key}: the path is empty`);
    return isAbsolute(value) ? value : join(process.cwd(), value);
  }

  integer(key: string, fallback: number, minimum: number): number {
    const value = (this.value(key) as number | undefined) ?? fallback;
    if (value < minimum) throw new Error(`invalid ${key.replaceAll('-', ' ')}: ${value}`);
    return value;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[], fallback: T, what: string): T {
    const value = this.text(key, fallback);
    const found = allowed.find((item) => item === value);
    if (found === undefined) {
      const choices = allowed.filter((item) => item !== '').join(', ');
      throw new Error(`invalid ${what}: ${value} (one of ${choices})`);
    }
    return found;
  }

  addresses(key: string): string[] {
    return this.list(key).map((text) => {
      if (isIP(text) === 0) throw new Error(`IP address is not correctly formatted: ${text}`);
      return text;
    });
  }
}
