// SPDX-License-Identifier: Apache-2.0
import { formatGeneral } from '#cli/template/printf.ts';

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** A size in powers of 1000 with that many significant digits: `4.53MB`. */
export function humanSize(bytes: number, digits = 4): string {
  return scale(bytes, 1000, DECIMAL, digits);
}

/** A size in powers of 1024: `15.62GiB`. */
export function binarySize(bytes: number): string {
  return scale(bytes, 1024, BINARY, 4);
}

function scale(bytes: number, base: number, units: readonly string[], digits: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  return `${formatGeneral(size, digits)}${units[unit]}`;
}

const MULTIPLIERS: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4, p: 1024 ** 5 };

/** Reads an amount of memory such as `512m`, `1.5 GiB` or `1024` into bytes. Throws with Docker's words. */
export function parseMemory(text: string): number {
  const match = /^([\s\S]*[\d. ])([^\d. ]*)$/.exec(text);
  if (!match) throw new Error(`invalid size: '${text}'`);
  const number = (match[1] ?? '').replace(/ $/, '');
  const suffix = match[2] ?? '';
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`);
  }
  if (Number(number) < 0) throw new Error(`invalid size: '${text}'`);
  return Math.trunc(Number(number) * multiplierOf(suffix));
}

function multiplierOf(suffix: string): number {
  const match = /^(?:b?|([kmgtp])(?:b|ib)?)$/i.exec(suffix);
  if (!match) throw new Error(`invalid suffix: '${suffix.length > 3 ? suffix : suffix.toLowerCase()}'`);
  return match[1] ? (MULTIPLIERS[match[1].toLowerCase()] ?? 1) : 1;
}
