// SPDX-License-Identifier: Apache-2.0

const DEFAULT_KEYS = 'ctrl-p,ctrl-q';
const CONTROL_SYMBOLS: Record<string, number> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** Reads `ctrl-p,ctrl-q` or `a,ctrl-]` into the bytes a terminal sends. `undefined` if it is no such sequence. */
export function parseDetachKeys(text: string): Buffer | undefined {
  const bytes: number[] = [];
  for (const key of (text || DEFAULT_KEYS).split(',')) {
    const control = /^ctrl-(.)$/s.exec(key)?.[1]?.toLowerCase();
    if (control !== undefined) {
      const code = /[a-z]/.test(control) ? control.charCodeAt(0) - 96 : CONTROL_SYMBOLS[control];
      if (code === undefined) return undefined;
      bytes.push(code);
    } else if (key === 'DEL') bytes.push(127);
    else if ([...key].length === 1) bytes.push(...Buffer.from(key));
    else return undefined;
  }
  return Buffer.from(bytes);
}

/**
 * Watches what a person types for the keys that detach. The keys are held back until it is clear whether all of them
 * come; if not, they are passed on.
 */
export class DetachWatcher {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What to send on of `input`, and whether the keys were completed in it. */
  push(input: Buffer): { passed: Buffer; detached: boolean } {
    const passed: number[] = [];
    for (const byte of input) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { passed: Buffer.from(passed), detached: true };
        continue;
      }
      passed.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) passed.push(byte);
    }
    return { passed: Buffer.from(passed), detached: false };
  }
}
