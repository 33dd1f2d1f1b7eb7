// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';

export interface Streams {
  stdout: Buffer;
  stderr: Buffer;
}

/** Takes Docker's framed output apart: eight bytes of head (stream, three zeros, length), then the payload. */
export function splitFrames(bytes: Buffer): Streams {
  const parts: Record<number, Buffer[]> = { 1: [], 2: [] };
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw new Error(`a frame's head is cut short at ${at} of ${bytes.length}`);
    const [stream = 0, a, b, c] = bytes.subarray(at, at + 4);
    const length = bytes.readUInt32BE(at + 4);
    const target = parts[stream];
    if (!target || a || b || c)
      throw new Error(`no frame begins at ${at}: ${bytes.subarray(at, at + 8).toString('hex')}`);
    if (at + 8 + length > bytes.length) throw new Error(`a frame is cut short at ${at} of ${bytes.length}`);
    target.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return { stdout: Buffer.concat(parts[1] ?? []), stderr: Buffer.concat(parts[2] ?? []) };
}

/** Everything until the end of the stream. */
export async function readAll(stream: Readable, head: Buffer = Buffer.alloc(0)): Promise<Buffer> {
  const chunks = [head];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
