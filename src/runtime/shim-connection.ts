// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import { sendWithDescriptor } from '#linux/descriptor.ts';
import { hasErrno } from '#linux/errno.ts';
import { encodeFrame, FRAME, type Frame, FrameDecoder } from '#runtime/shim-protocol.ts';

const RETRY_MS = 5;
const NOTHING = new Uint8Array();

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

interface Unsent {
  bytes: Uint8Array;
  descriptor?: number | undefined;
}

/**
 * A connection to a shim. Node reads from it; everything is written with sendmsg(2), because descriptors go that way and
 * must stay in order with the rest. Frames are small and the shim always reads, so this hardly ever has to wait.
 */
export class ShimConnection {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  readonly #unsent: Unsent[] = [];
  #lastId = 0;
  #listener: ((frame: Frame) => void) | undefined;
  /** What came while nobody listened. */
  readonly #unheard: Frame[] = [];
  onClose: () => void = () => {};
  /** Runs after `onClose`; belongs to whoever started the shim. */
  onEnd: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  /** Takes over a connected descriptor. */
  static fromDescriptor(descriptor: number): ShimConnection {
    return new ShimConnection(new Socket({ fd: descriptor, readable: true, writable: true }));
  }

  /** Hands what the shim says unasked to `listener`, and first what it said since the last one was taken away. */
  listen(listener: ((frame: Frame) => void) | undefined): void {
    this.#listener = listener;
    while (this.#listener) {
      const frame = this.#unheard.shift();
      if (!frame) return;
      this.#listener(frame);
    }
  }

  /** Resolves when the shim has done it; rejects if it refused or is gone. `descriptor` must stay open until then. */
  request(type: number, payload: Uint8Array = NOTHING, descriptor?: number): Promise<void> {
    this.#lastId = (this.#lastId % 0xffff) + 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ bytes: encodeFrame(type, id, payload), descriptor });
    });
  }

  /** The same without an answer. */
  post(type: number, payload: Uint8Array = NOTHING, descriptor?: number): void {
    this.#send({ bytes: encodeFrame(type, 0, payload), descriptor });
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(frame: Unsent): void {
    this.#unsent.push(frame);
    if (this.#unsent.length === 1) this.#flush();
  }

  #flush(): void {
    for (let frame = this.#unsent[0]; frame; frame = this.#unsent[0]) {
      const descriptor = descriptorOf(this.#socket);
      if (descriptor === undefined) return;
      try {
        const sent = sendWithDescriptor(descriptor, frame.bytes, frame.descriptor);
        if (sent === frame.bytes.length) this.#unsent.shift();
        else this.#unsent[0] = { bytes: frame.bytes.subarray(sent) };
      } catch (error) {
        if (hasErrno(error, 'EAGAIN')) setTimeout(() => this.#flush(), RETRY_MS);
        else this.#socket.destroy();
        return;
      }
    }
  }

  #received(chunk: Buffer): void {
    for (const frame of this.#decoder.push(chunk)) {
      const waiting = this.#waiting.get(frame.id);
      this.#waiting.delete(frame.id);
      if (frame.type === FRAME.accepted) waiting?.resolve();
      else if (frame.type === FRAME.refused) waiting?.reject(new Error(`the shim refused: ${frame.payload}`));
      else if (this.#listener) this.#listener(frame);
      else this.#unheard.push(frame);
    }
  }

  #closed(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the shim has ended'));
    this.#waiting.clear();
    this.#unsent.length = 0;
    this.onClose();
    this.onEnd();
  }
}

/** The number of a socket's descriptor, if it has one of its own (a TLS or closed socket has none). */
export function descriptorOf(socket: Socket): number | undefined {
  const handle = (socket as { _handle?: { fd?: number } | null })._handle;
  const descriptor = handle?.fd;
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
