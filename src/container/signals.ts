// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { invalidParameter } from '#core/errors.ts';

const FIRST_REAL_TIME_SIGNAL = 34;
const LAST_REAL_TIME_SIGNAL = 64;
const REAL_TIME = /^RTM(IN|AX)(?:([+-])(\d{1,2}))?$/;
const NUMBERS = new Map<string, number>(Object.entries(constants.signals));

export const SIGKILL: number = constants.signals.SIGKILL;

/** The number of a signal written as a name, with or without `SIG` and in any case, or as a number. */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : numberOfName(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined || number < 1 || number > LAST_REAL_TIME_SIGNAL) {
    throw invalidParameter(`invalid signal: ${text}`);
  }
  return number;
}

function numberOfName(name: string): number | undefined {
  const match = REAL_TIME.exec(name);
  if (!match) return NUMBERS.get(`SIG${name}`);
  const [, end, sign, distance = '0'] = match;
  if ((end === 'IN' && sign === '-') || (end === 'AX' && sign === '+')) return undefined;
  const number = end === 'IN' ? FIRST_REAL_TIME_SIGNAL + Number(distance) : LAST_REAL_TIME_SIGNAL - Number(distance);
  return number < FIRST_REAL_TIME_SIGNAL || number > LAST_REAL_TIME_SIGNAL ? undefined : number;
}

/** The signal that asks a container to end: its own, else SIGTERM. */
export const stopSignalOf = (config: { stopSignal?: string }): number => parseSignal(config.stopSignal || 'SIGTERM');
