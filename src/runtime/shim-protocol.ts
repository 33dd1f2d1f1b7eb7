// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

/** What hoyd and a shim say to each other; `native/PROTOCOL.md` explains it. Shims outlive upgrades: never renumber. */
export const FRAME = {
  start: 1,
  attach: 2,
  wait: 3,
  resize: 4,
  closeStdin: 5,
  reopenLog: 6,
  release: 7,
  hello: 128,
  started: 129,
  failed: 130,
  exited: 131,
  accepted: 132,
  refused: 133,
  rotated: 134,
} as const;

const HEADER_SIZE = 8;

export interface Frame {
  type: number;
  /** Of the request that this answers; 0 for what the shim says unasked. */
  id: number;
  payload: Buffer;
}

export function encodeFrame(type: number, id: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_SIZE + payload.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt16LE(id, 2);
  frame.writeUInt32LE(payload.length, 4);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER_SIZE) {
      const end = HEADER_SIZE + this.#rest.readUInt32LE(4);
      if (this.#rest.length < end) return;
      const frame = this.#rest;
      this.#rest = frame.subarray(end);
      yield { type: frame.readUInt8(0), id: frame.readUInt16LE(2), payload: frame.subarray(HEADER_SIZE, end) };
    }
  }
}

const MAX_DETACH_KEYS = 64;
const ATTACH_FLAGS = { stdin: 1, stdout: 2, stderr: 4, multiplexed: 8 } as const;

/** Payload of `attach`: flags, number of detach keys, two reserved bytes, the keys, input that was read already. */
export function encodeAttach(
  options: Record<keyof typeof ATTACH_FLAGS, boolean> & { detachKeys: Uint8Array },
  head: Uint8Array,
): Buffer {
  if (options.detachKeys.length > MAX_DETACH_KEYS) throw invalidParameter('the sequence of detach keys is too long');
  let flags = 0;
  for (const [name, flag] of Object.entries(ATTACH_FLAGS)) {
    if (options[name as keyof typeof ATTACH_FLAGS]) flags |= flag;
  }
  return Buffer.concat([Buffer.from([flags, options.detachKeys.length, 0, 0]), options.detachKeys, head]);
}

export function encodeSize(rows: number, columns: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt16LE(rows, 0);
  payload.writeUInt16LE(columns, 2);
  return payload;
}
