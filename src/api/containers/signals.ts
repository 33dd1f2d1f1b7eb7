// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { invalidParameter } from '#core/errors.ts';

const NAMES = new Set(Object.keys(constants.signals).map((name) => name.slice('SIG'.length)));
const REAL_TIME = /^RTM(?:IN(?:\+(?:[1-9]|1[0-5]))?|AX(?:-(?:[1-9]|1[0-4]))?)$/;
const LAST_SIGNAL = 64;

/** Throws unless `text` is a signal's name, with or without `SIG`, or its number. Returns it as it was written. */
export function checkSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isNumber = /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= LAST_SIGNAL;
  if (isNumber || NAMES.has(name) || REAL_TIME.test(name)) return text;
  throw invalidParameter(`invalid signal: ${text}`);
}
