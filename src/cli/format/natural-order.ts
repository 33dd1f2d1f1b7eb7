// SPDX-License-Identifier: Apache-2.0

const PARTS = /\d+|\D+/g;

/** Orders texts as people do: numbers within them by their value, `80/tcp` before `443/tcp`. */
export function compareNaturally(a: string, b: string): number {
  const partsA: string[] = a.match(PARTS) ?? [];
  const partsB: string[] = b.match(PARTS) ?? [];
  for (let index = 0; index < Math.min(partsA.length, partsB.length); index++) {
    const order = compareParts(partsA[index] ?? '', partsB[index] ?? '');
    if (order !== 0) return order;
  }
  return partsA.length - partsB.length;
}

function compareParts(a: string, b: string): number {
  const areNumbers = /^\d/.test(a) && /^\d/.test(b);
  if (areNumbers && Number(a) !== Number(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
