// SPDX-License-Identifier: Apache-2.0
import { BLOCK_BYTES, type LogFile, readAsync, readCompressed, readPlain } from '#container/log-files.ts';

const NEWLINE = 10;

/** Where reading starts: in which of the files, and how far in it. */
export interface LogStart {
  index: number;
  /** In a plain file. */
  offset: number;
  /** Lines to pass over, in a compressed file. */
  skipLines: number;
}

/** Finds the start of the last `count` lines in files that are given oldest first, reading backwards from the end. */
export async function findTail(files: readonly LogFile[], count: number): Promise<LogStart> {
  let missing = count;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (!file) break;
    const found = file.compressed ? await tailCompressed(file, missing) : await tailPlain(file, missing);
    if (found.lines >= missing) return { index, offset: found.offset, skipLines: found.skipLines };
    missing -= found.lines;
  }
  return { index: 0, offset: 0, skipLines: 0 };
}

interface Found {
  lines: number;
  offset: number;
  skipLines: number;
}

/** Looks for the newline before the `count`th last line. */
async function tailPlain(file: LogFile, count: number): Promise<Found> {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(file.sizeBytes, 1)));
  let newlines = 0;
  for (let end = file.sizeBytes; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await readAsync(file.fd, block, 0, end - start, start);
    for (let at = bytesRead; at > 0; ) {
      at = block.subarray(0, at).lastIndexOf(NEWLINE);
      if (at < 0) break;
      // The newline at the very end of a file ends the last line; each one before it starts a line.
      if (newlines === count) return { lines: count, offset: start + at + 1, skipLines: 0 };
      newlines++;
    }
    end = start;
  }
  return { lines: newlines, offset: 0, skipLines: 0 };
}

/** A compressed file has no way back: its lines are counted, and those before the last `count` passed over when it is read. */
async function tailCompressed(file: LogFile, count: number): Promise<Found> {
  let lines = 0;
  for await (const block of readCompressed(file)) {
    for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, at + 1)) lines++;
  }
  return { lines: Math.min(lines, count), offset: 0, skipLines: Math.max(0, lines - count) };
}

/** The bytes of a file, from `start` if that is given, to the end or, of a plain file, to `endOffset`. */
export function readLogFile(
  file: LogFile,
  start?: Pick<LogStart, 'offset' | 'skipLines'>,
  endOffset?: number,
): AsyncGenerator<Buffer> {
  if (file.compressed) return withoutLines(readCompressed(file), start?.skipLines ?? 0);
  return readPlain(file, start?.offset ?? 0, endOffset);
}

/** Passes over the first lines of what is read. */
async function* withoutLines(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const block of blocks) {
    let start = 0;
    while (left > 0 && start < block.length) {
      const end = block.indexOf(NEWLINE, start);
      if (end < 0) start = block.length;
      else {
        start = end + 1;
        left--;
      }
    }
    if (start < block.length) yield start === 0 ? block : block.subarray(start);
  }
}
