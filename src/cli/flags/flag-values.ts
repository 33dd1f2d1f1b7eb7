// SPDX-License-Identifier: Apache-2.0
import type { Flag } from '#cli/flags/flag.ts';

/** What was given on a command line, read by the flags' types. Asking for a flag that a command doesn't have is a bug. */
export class FlagValues {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #given = new Map<string, unknown>();

  constructor(flags: Iterable<Flag>) {
    this.#flags = new Map([...flags].map((flag) => [flag.name, flag]));
  }

  /** Keeps a value; a flag that doesn't repeat takes the last one. */
  set(flag: Flag, value: unknown): void {
    if (!flag.type.repeats) this.#given.set(flag.name, value);
    else this.#given.set(flag.name, [...this.list<unknown>(flag.name), value]);
  }

  /** Whether the flag was given at all, with whatever value. */
  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  countGiven(): number {
    return this.#given.size;
  }

  bool(name: string): boolean {
    return this.#get(name) === true;
  }

  string(name: string): string {
    const value = this.#get(name);
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number {
    const value = this.#get(name);
    return typeof value === 'number' ? value : 0;
  }

  /** A value of the flag's own type. */
  value<T>(name: string): T | undefined {
    return this.#get(name) as T | undefined;
  }

  /** All values of a flag that repeats, in the order they were given. */
  list<T = string>(name: string): T[] {
    return (this.#get(name) as T[] | undefined) ?? [];
  }

  #get(name: string): unknown {
    if (this.#given.has(name)) return this.#given.get(name);
    const flag = this.#flags.get(name);
    if (!flag) throw new Error(`this command has no flag --${name}`);
    return flag.initial;
  }
}
