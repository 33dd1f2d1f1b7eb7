// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

/** Ctrl-P, Ctrl-Q. */
const DEFAULT_SEQUENCE = Uint8Array.of(16, 17);

const CONTROL = /^ctrl-([a-z@[\\\]^_])$/;

/** The bytes of a sequence such as `ctrl-p,ctrl-q` or `a,b`; `''` is the default one. */
export function parseDetachKeys(text: string, what = 'detach'): Uint8Array {
  if (text === '') return DEFAULT_SEQUENCE;
  return Uint8Array.from(text.split(','), (key) => {
    const control = CONTROL.exec(key)?.[1];
    // The key's place among the control characters: the low five bits of the letter's code.
    if (control !== undefined) return (control.toUpperCase().codePointAt(0) ?? 0) & 0x1f;
    if (key === 'DEL') return 0x7f;
    if (key.length === 1 && key.charCodeAt(0) < 0x80) return key.charCodeAt(0);
    throw invalidParameter(`Invalid ${what} keys (${text}) provided`);
  });
}
