// SPDX-License-Identifier: Apache-2.0
import { decodeLine, decodeUnusualLine, type LogLine, STDERR, STDOUT } from '#container/log-line.ts';
import { compareTime, fixedTime, TIME_LENGTH, writeFixedTime } from '#container/log-time.ts';

export interface PrintOptions {
  stdout: boolean;
  stderr: boolean;
  timestamps: boolean;
  /** Put before the text of every line; empty for none. */
  details: string;
  since?: { nano: bigint };
  until?: { nano: bigint };
  /** Frame with Docker's 8-byte header (API §"Stream format"). */
  multiplexed: boolean;
  /** Lines of one stream may share a frame: faster for bulk, while a live reader may take a frame for a line. */
  joinLines: boolean;
}

const NEWLINE = 10;
const HEADER_BYTES = 8;
const CHUNK_BYTES = 256 * 1024;
/** Clients start with a buffer of this size (Docker's stdcopy). */
const MAX_FRAME_BYTES = 32 * 1024;
/** Nothing that we write is longer; what is longer was not written by us and is skipped. */
const MAX_LINE_BYTES = 2 * 1024 * 1024;

/** Turns blocks of log files into what a client reads. Lines may cross blocks; lines that can't be read are left out. */
export class LogPrinter {
  readonly #options: PrintOptions;
  readonly #details: Buffer;
  readonly #prefixBytes: number;
  readonly #since: Buffer | undefined;
  readonly #until: Buffer | undefined;
  readonly #line: LogLine = {
    stream: STDOUT,
    textStart: 0,
    textEnd: 0,
    timeStart: 0,
    timeEnd: 0,
    timeBytes: Buffer.alloc(0),
  };
  readonly #finished: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Where the open frame's header is, -1 if none is open. */
  #frame = -1;
  #frameStream = 0;
  /** The beginning of a line whose end has not been read. */
  #carry: Buffer = Buffer.alloc(0);
  #skipsLine = false;
  #isPastUntil = false;

  constructor(options: PrintOptions) {
    this.#options = options;
    this.#details = Buffer.from(options.details);
    this.#prefixBytes = (options.timestamps ? TIME_LENGTH + 1 : 0) + this.#details.length;
    this.#since = options.since && fixedTime(options.since);
    this.#until = options.until && fixedTime(options.until);
  }

  /** A line later than `until` was met: nothing more will be printed. */
  get isPastUntil(): boolean {
    return this.#isPastUntil;
  }

  /** Takes the next bytes of the log and returns what they print; the block is the caller's again afterwards. */
  print(block: Buffer): Buffer[] {
    for (let start = this.#finishCarry(block); start < block.length && !this.#isPastUntil; ) {
      const end = block.indexOf(NEWLINE, start);
      if (end < 0) {
        this.#keep(block.subarray(start));
        break;
      }
      this.#printLine(block, start, end);
      start = end + 1;
    }
    return this.#take();
  }

  /** The next block is of another file: a line without an end stays without one. */
  endFile(): void {
    this.#carry = Buffer.alloc(0);
    this.#skipsLine = false;
  }

  /** Joins the rest of a line with what was kept of it; returns where the next line starts. */
  #finishCarry(block: Buffer): number {
    if (this.#carry.length === 0 && !this.#skipsLine) return 0;
    const end = block.indexOf(NEWLINE);
    if (end < 0) {
      this.#keep(block);
      return block.length;
    }
    if (!this.#skipsLine) {
      const line = Buffer.concat([this.#carry, block.subarray(0, end + 1)]);
      this.#printLine(line, 0, line.length - 1);
    }
    this.endFile();
    return end + 1;
  }

  #keep(part: Buffer): void {
    if (this.#skipsLine) return;
    this.#carry = Buffer.concat([this.#carry, part]);
    if (this.#carry.length <= MAX_LINE_BYTES) return;
    this.#carry = Buffer.alloc(0);
    this.#skipsLine = true;
  }

  #printLine(block: Buffer, start: number, end: number): void {
    if (end === start) return;
    this.#reserve(HEADER_BYTES + this.#prefixBytes + (end - start));
    const at = this.#textOffset();
    const line = this.#line;
    if (!decodeLine(block, start, end, this.#chunk, at, line) && !this.#decodeUnusual(block, start, end)) return;
    if (this.#until && compareTime(line, this.#until) > 0) this.#isPastUntil = true;
    else if (this.#isWanted(line)) this.#commit(line);
  }

  /** Invalid UTF-8 grows to three bytes each when it goes through text. */
  #decodeUnusual(block: Buffer, start: number, end: number): boolean {
    this.#reserve(HEADER_BYTES + this.#prefixBytes + 3 * (end - start));
    const at = this.#textOffset();
    return decodeUnusualLine(block, start, end, this.#chunk, at, this.#line);
  }

  /** Where a line's text goes if the open frame goes on. */
  #textOffset(): number {
    return this.#used + (this.#options.multiplexed && this.#frame < 0 ? HEADER_BYTES : 0) + this.#prefixBytes;
  }

  #isWanted(line: LogLine): boolean {
    if (!(line.stream === STDOUT ? this.#options.stdout : this.#options.stderr)) return false;
    return !this.#since || compareTime(line, this.#since) >= 0;
  }

  /** The text was written where it belongs if the open frame goes on; otherwise it moves by a header. */
  #commit(line: LogLine): void {
    const length = line.textEnd - line.textStart;
    if (this.#frame >= 0 && !this.#fitsFrame(line, length)) this.#closeFrame();
    let at = this.#used;
    if (this.#options.multiplexed && this.#frame < 0) {
      this.#frame = at;
      this.#frameStream = line.stream;
      at += HEADER_BYTES;
    }
    // The text moves before its prefix is written: the prefix may go where it was.
    if (at + this.#prefixBytes !== line.textStart) {
      this.#chunk.copyWithin(at + this.#prefixBytes, line.textStart, line.textEnd);
    }
    if (this.#options.timestamps) at = writeFixedTime(line, this.#chunk, at);
    at += this.#details.copy(this.#chunk, at);
    this.#used = at + length;
    if (this.#options.multiplexed && !this.#options.joinLines) this.#closeFrame();
  }

  #fitsFrame(line: LogLine, length: number): boolean {
    const frameBytes = this.#used - this.#frame + this.#prefixBytes + length;
    return line.stream === this.#frameStream && frameBytes <= MAX_FRAME_BYTES;
  }

  #closeFrame(): void {
    if (this.#frame < 0) return;
    this.#chunk.fill(0, this.#frame, this.#frame + HEADER_BYTES);
    this.#chunk[this.#frame] = this.#frameStream === STDERR ? STDERR : STDOUT;
    this.#chunk.writeUInt32BE(this.#used - this.#frame - HEADER_BYTES, this.#frame + 4);
    this.#frame = -1;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#chunk.length) return;
    this.#finishChunk();
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
  }

  #finishChunk(): void {
    this.#closeFrame();
    if (this.#used > 0) this.#finished.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = this.#chunk.subarray(this.#used);
    this.#used = 0;
  }

  #take(): Buffer[] {
    this.#finishChunk();
    return this.#finished.splice(0);
  }
}
