// SPDX-License-Identifier: Apache-2.0
import { displayWidth } from '#cli/format/width.ts';

export interface TableLayout {
  /** Columns are at least this wide. */
  minimumWidth: number;
  /** Spaces between the widest cell and the next column. */
  padding: number;
}

/** Docker's lists. */
export const LIST_LAYOUT: TableLayout = { minimumWidth: 10, padding: 3 };

/**
 * Aligns lines of cells that end with a tab, as Go's text/tabwriter does: a column is a run of neighbouring lines that
 * have a cell there, and is as wide as its widest cell. What follows the last tab of a line is left as it is.
 */
export function alignTabs(text: string, layout: TableLayout): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  alignColumn(lines, widths, 0, lines.length, 0, layout);
  return lines
    .map((cells, row) => cells.map((cell, column) => padCell(cell, widths[row]?.[column])).join(''))
    .join('\n');
}

/** Sets the width of `column` in the lines from `start` to `end`, all of which share the columns before it. */
function alignColumn(
  lines: readonly string[][],
  widths: number[][],
  start: number,
  end: number,
  column: number,
  layout: TableLayout,
): void {
  for (let row = start; row < end; row++) {
    if (!hasCell(lines, row, column)) continue;
    let last = row;
    let width = layout.minimumWidth;
    while (last < end && hasCell(lines, last, column)) {
      width = Math.max(width, displayWidth(lines[last]?.[column] ?? '') + layout.padding);
      last++;
    }
    for (let inner = row; inner < last; inner++) (widths[inner] ?? [])[column] = width;
    alignColumn(lines, widths, row, last, column + 1, layout);
    row = last - 1;
  }
}

/** A cell ends with a tab: the last piece of a line is none. */
const hasCell = (lines: readonly string[][], row: number, column: number): boolean =>
  column < (lines[row]?.length ?? 0) - 1;

const padCell = (cell: string, width: number | undefined): string =>
  width === undefined ? cell : cell + ' '.repeat(Math.max(0, width - displayWidth(cell)));
