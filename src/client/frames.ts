// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';

const HEADER_BYTES = 8;
const SYSTEM_ERROR = 3;

/** Takes payload of one stream: 0 and 1 are standard output, 2 is standard error. */
export type FrameSink = (stream: number, payload: Buffer) => void;

/**
 * Takes apart the stream in which the engine mixes a container's output and error (API §"Stream format"): each frame is
 * one byte that names the stream, three of zero, four of length (big endian), and the payload. Chunks may be cut anywhere.
 * Neighbouring frames of one stream in a chunk are handed on together.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #stream = 0;
  #remaining = 0;
  #pending: Buffer[] = [];
  #pendingStream = 0;
  #systemError: Buffer[] = [];

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#remaining === 0) offset = this.#readHeader(chunk, offset);
      if (this.#remaining === 0) continue;
      const end = Math.min(chunk.length, offset + this.#remaining);
      if (end > offset) this.#take(chunk.subarray(offset, end));
      this.#remaining -= end - offset;
      offset = end;
      if (this.#remaining === 0) this.#endFrame();
    }
    this.#flush();
  }

  #readHeader(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + HEADER_BYTES - this.#headerBytes);
    chunk.copy(this.#header, this.#headerBytes, offset, end);
    this.#headerBytes += end - offset;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#stream = this.#header[0] ?? 0;
      if (this.#stream > SYSTEM_ERROR) throw new Error(`Unrecognized stream: ${this.#stream}`);
      this.#remaining = this.#header.readUInt32BE(4);
    }
    return end;
  }

  #take(payload: Buffer): void {
    if (this.#stream === SYSTEM_ERROR) {
      this.#systemError.push(payload);
      return;
    }
    if (this.#pendingStream !== this.#stream) this.#flush();
    this.#pendingStream = this.#stream;
    this.#pending.push(payload);
  }

  #endFrame(): void {
    if (this.#stream !== SYSTEM_ERROR) return;
    this.#flush();
    throw new Error(`error from daemon in stream: ${Buffer.concat(this.#systemError).toString()}`);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const [first] = this.#pending;
    const payload = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#sink(this.#pendingStream, payload);
  }
}

export interface OutputStreams {
  /** Absent: what belongs there is dropped. */
  stdout?: Writable;
  stderr?: Writable;
}

/** Copies a multiplexed stream to its outputs, no faster than they take it. Resolves at the end of `source`. */
export function copyFrames(source: Readable, outputs: OutputStreams): Promise<void> {
  const blocked = new Set<Writable>();
  const reader = new FrameReader((stream, payload) => {
    const output = stream === 2 ? outputs.stderr : outputs.stdout;
    if (output && !output.write(payload)) blocked.add(output);
  });
  return copy(source, blocked, (chunk) => reader.push(chunk));
}

/** Copies a stream as it is (a terminal's), no faster than the output takes it. Resolves at the end of `source`. */
export function copyRaw(source: Readable, output: Writable | undefined): Promise<void> {
  const blocked = new Set<Writable>();
  return copy(source, blocked, (chunk) => {
    if (output && !output.write(chunk)) blocked.add(output);
  });
}

function copy(source: Readable, blocked: Set<Writable>, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    source.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        source.destroy();
        reject(error);
        return;
      }
      if (blocked.size > 0) waitForDrain(source, blocked);
    });
    source.once('end', resolve);
    source.once('close', resolve);
    source.once('error', reject);
  });
}

function waitForDrain(source: Readable, blocked: Set<Writable>): void {
  source.pause();
  for (const output of blocked) {
    output.once('drain', () => {
      blocked.delete(output);
      if (blocked.size === 0) source.resume();
    });
  }
}
