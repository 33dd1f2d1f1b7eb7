// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

const KEY = /^(?:ctrl-[a-z@[\\\]^_]|DEL|\p{ASCII})$/u;

/** Checks a sequence such as `ctrl-p,ctrl-q`; `what` is Docker's word for it, which differs between attach and exec. */
export function checkDetachKeys(keys: string, what: 'detach' | 'escape'): string {
  if (keys === '' || keys.split(',').every((key) => KEY.test(key))) return keys;
  throw invalidParameter(`Invalid ${what} keys (${keys}) provided`);
}
