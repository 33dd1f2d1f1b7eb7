// SPDX-License-Identifier: Apache-2.0

/**
 * Lines of a json-file log, as Docker writes them: `{"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}`, at times
 * with `"attrs":{…}` before the time. Everything works on bytes: a `JSON.parse` for every line would be ten times slower.
 */

export const STDOUT = 1;
export const STDERR = 2;
export type StreamNumber = typeof STDOUT | typeof STDERR;

/** One decoded line. The reader overwrites it with the next: copy what is to be kept. */
export interface LogLine {
  stream: StreamNumber;
  /** Where the text is in `text`. */
  textStart: number;
  textEnd: number;
  /** Where the time is in the block that was read, without quotes. */
  timeStart: number;
  timeEnd: number;
  /** The bytes that `timeStart` and `timeEnd` are about. */
  timeBytes: Buffer;
}

const PREFIX = Buffer.from('{"log":"');
const STREAM = Buffer.from(',"stream":"std');
const TIME = Buffer.from(',"time":"');
const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;

/**
 * Decodes the line that starts at `start` and ends before the newline at `end`, writing its text to `target` at `at`, which has
 * room for as many bytes as the line has. Returns false, with `line` in no particular state, for a line in another form.
 */
export function decodeLine(
  block: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
  line: LogLine,
): boolean {
  if (!startsWith(block, start, end, PREFIX)) return false;
  let from = start + PREFIX.length;
  let to = at;
  for (;;) {
    const byte = block[from] as number;
    if (byte === QUOTE) break;
    if (byte === NEWLINE || from >= end) return false;
    if (byte === BACKSLASH) {
      const length = decodeEscape(block, from + 1, target, to);
      if (length === 0) return false;
      from += length;
      to += written;
    } else {
      target[to++] = byte;
      from++;
    }
  }
  line.textStart = at;
  line.textEnd = to;
  return decodeTail(block, from + 1, end, line);
}

/** `,"stream":"stdout","time":"…"}` */
function decodeTail(block: Buffer, start: number, end: number, line: LogLine): boolean {
  if (!startsWith(block, start, end, STREAM)) return false;
  let at = start + STREAM.length;
  const isOut = block[at] === 111 && block[at + 1] === 117 && block[at + 2] === 116;
  const isErr = block[at] === 101 && block[at + 1] === 114 && block[at + 2] === 114;
  if ((!isOut && !isErr) || block[at + 3] !== QUOTE) return false;
  at += 4;
  if (!startsWith(block, at, end, TIME)) return false;
  at += TIME.length;
  // The time is 20 to 30 bytes; what else a string may hold is for the slow path.
  if (end - at < 22 || end - at > 40 || block[end - 1] !== 125 || block[end - 2] !== QUOTE) return false;
  line.stream = isOut ? STDOUT : STDERR;
  line.timeStart = at;
  line.timeEnd = end - 2;
  line.timeBytes = block;
  return block[line.timeEnd - 1] === 90 && isTimeText(block, at);
}

function startsWith(block: Buffer, at: number, end: number, expected: Buffer): boolean {
  if (at + expected.length > end) return false;
  for (let i = 0; i < expected.length; i++) if (block[at + i] !== expected[i]) return false;
  return true;
}

/** `2026-01-02T03:04:05` */
const isTimeText = (block: Buffer, at: number): boolean =>
  block[at + 4] === 45 &&
  block[at + 7] === 45 &&
  block[at + 10] === 84 &&
  block[at + 13] === 58 &&
  block[at + 16] === 58;

/** How many bytes the last escape became: a second result without an allocation for each. */
let written = 0;

const SIMPLE = new Uint8Array(256);
for (const [letter, byte] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  SIMPLE[letter.charCodeAt(0)] = byte;
}

/** Decodes the escape after a backslash; returns the length with the backslash, 0 if it is none. */
function decodeEscape(block: Buffer, at: number, target: Buffer, to: number): number {
  const simple = SIMPLE[block[at] as number] as number;
  if (simple !== 0) {
    target[to] = simple;
    written = 1;
    return 2;
  }
  if (block[at] !== 117) return 0;
  let code = hexAt(block, at + 1);
  if (code < 0) return 0;
  let length = 6;
  if (code >= 0xd800 && code < 0xe000) {
    const low = code < 0xdc00 && block[at + 5] === BACKSLASH && block[at + 6] === 117 ? hexAt(block, at + 7) : -1;
    const isPair = low >= 0xdc00 && low < 0xe000;
    code = isPair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    if (isPair) length = 12;
  }
  written = writeUtf8(target, to, code);
  return length;
}

function hexAt(block: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = block[i] as number;
    const lower = byte | 32;
    if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48;
    else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
    else return -1;
  }
  return value;
}

function writeUtf8(target: Buffer, to: number, code: number): number {
  if (code < 0x80) {
    target[to] = code;
    return 1;
  }
  if (code < 0x800) {
    target[to] = 0xc0 | (code >> 6);
    target[to + 1] = 0x80 | (code & 0x3f);
    return 2;
  }
  if (code < 0x10000) {
    target[to] = 0xe0 | (code >> 12);
    target[to + 1] = 0x80 | ((code >> 6) & 0x3f);
    target[to + 2] = 0x80 | (code & 0x3f);
    return 3;
  }
  target[to] = 0xf0 | (code >> 18);
  target[to + 1] = 0x80 | ((code >> 12) & 0x3f);
  target[to + 2] = 0x80 | ((code >> 6) & 0x3f);
  target[to + 3] = 0x80 | (code & 0x3f);
  return 4;
}

/**
 * For lines in another form: valid JSON in any order and spacing, or a line whose beginning was torn off by a power loss and
 * into which the next one was written (`{"log":"par{"log":"whole\n",…}`). Returns false if nothing can be saved of it.
 */
export function decodeUnusualLine(
  block: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
  line: LogLine,
): boolean {
  if (decodeJson(block.toString('utf8', start, end), target, at, line)) return true;
  const whole = block.subarray(start, end).lastIndexOf(PREFIX);
  return whole > 0 && decodeLine(block, start + whole, end, target, at, line);
}

function decodeJson(text: string, target: Buffer, at: number, line: LogLine): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null) return false;
  const { log, stream, time } = value as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return false;
  const moment = new Date(time);
  if (Number.isNaN(moment.getTime())) return false;
  line.stream = stream === 'stdout' ? STDOUT : STDERR;
  line.textStart = at;
  line.textEnd = at + target.write(log, at);
  line.timeBytes = Buffer.from(time.endsWith('Z') ? time : moment.toISOString());
  line.timeStart = 0;
  line.timeEnd = line.timeBytes.length;
  return true;
}
