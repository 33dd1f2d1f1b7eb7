// SPDX-License-Identifier: Apache-2.0

/** Characters that take two columns of a terminal (Unicode East Asian Width W and F), as ranges. */
const WIDE: readonly [number, number][] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x274c, 0x274c],
  [0x2795, 0x2797],
  [0x2b1b, 0x2b1c],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

const isWide = (code: number): boolean => code >= 0x1100 && WIDE.some(([from, to]) => code >= from && code <= to);

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  if (isPlain(text)) return text.length;
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

/** Shortens a text to that many columns, the last of them an ellipsis. */
export function ellipsis(text: string, maximum: number): string {
  if (maximum <= 0) return '';
  if (displayWidth(text) <= maximum) return text;
  let shortened = '';
  let width = 0;
  for (const character of text) {
    width += displayWidth(character);
    if (width > maximum - 1) break;
    shortened += character;
  }
  return maximum === 1 ? ([...text][0] ?? '') : `${shortened}…`;
}
