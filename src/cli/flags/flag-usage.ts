// SPDX-License-Identifier: Apache-2.0
import type { Flag } from '#cli/flags/flag.ts';

/** A line may be this much longer if that saves a line of its own for a short word. */
const SLOP = 5;
const NARROWEST = 24;

/** The flags as help lists them: sorted, aligned, and wrapped to that many columns. */
export function describeFlags(flags: readonly Flag[], columns: number): string {
  const visible = flags.filter((flag) => !flag.isHidden && !flag.deprecated).toSorted(byName);
  const names = visible.map(describeName);
  const width = Math.max(0, ...names.map((name) => name.length)) + 1;
  return visible
    .map((flag, index) => `${(names[index] ?? '').padEnd(width)}  ${wrap(width + 2, columns, describeUsage(flag))}`)
    .join('\n');
}

const byName = (a: Flag, b: Flag): number => (a.name < b.name ? -1 : 1);

function describeName(flag: Flag): string {
  const name = flag.short ? `  -${flag.short}, --${flag.name}` : `      --${flag.name}`;
  return flag.type.label ? `${name} ${flag.type.label}` : name;
}

const describeUsage = (flag: Flag): string =>
  flag.shownInitial === undefined ? flag.usage : `${flag.usage} (default ${flag.shownInitial})`;

function wrap(indent: number, columns: number, text: string): string {
  let left = indent;
  let room = columns - left;
  let wrapped = '';
  if (room < NARROWEST) {
    left = 16;
    room = columns - left;
    wrapped = `\n${' '.repeat(left)}`;
  }
  if (room < NARROWEST) return text.replaceAll('\n', wrapped);
  const margin = `\n${' '.repeat(left)}`;
  let rest = text;
  const pieces: string[] = [];
  do {
    const [piece, remaining] = breakLine(rest, room - SLOP);
    pieces.push(piece.replaceAll('\n', margin));
    rest = remaining;
  } while (rest !== '');
  return wrapped + pieces.join(margin);
}

function breakLine(text: string, length: number): [line: string, rest: string] {
  if (length + SLOP > text.length) return [text, ''];
  const head = text.slice(0, length);
  const space = Math.max(head.lastIndexOf(' '), head.lastIndexOf('\t'), head.lastIndexOf('\n'));
  if (space <= 0) return [text, ''];
  const newline = head.lastIndexOf('\n');
  const at = newline > 0 && newline < space ? newline : space;
  return [text.slice(0, at), text.slice(at + 1)];
}
