// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { conflict } from '#core/errors.ts';
import { socketPair } from '#linux/descriptor.ts';
import type { ShimConnection } from '#runtime/shim-connection.ts';
import { encodeAttach, encodeSize, FRAME, type Frame } from '#runtime/shim-protocol.ts';
import { lostRecord, parseExitRecord, readExitRecord } from '#runtime/shim-record.ts';
import { carry, isPassable, stillSocket } from '#runtime/shim-socket.ts';
import type { ExitRecord, Shim, ShimAttach } from '#runtime/types.ts';

export interface ShimClientInit {
  directory: string;
  pid: number;
  /** Absent when shim and process have ended. */
  connection?: ShimConnection;
  /** How it ended, if that is known already. */
  exit?: ExitRecord;
  /** Connects again after the connection broke; `undefined` when nobody is there any more. */
  reconnect(): Promise<ShimConnection | undefined>;
  /** The shim has renamed the log file to `path.1`. */
  onRotated?(directory: string, path: string): void;
}

/** A shim as hoyd sees it, through a connection that is made again when it breaks. */
export class ShimClient implements Shim {
  readonly directory: string;
  readonly pid: number;
  readonly exited: Promise<ExitRecord>;
  readonly #init: ShimClientInit;
  readonly #settleExit: (record: ExitRecord) => void;
  /** Resolves when there is no shim to speak to any more. */
  readonly gone: Promise<void>;
  readonly #settleGone: () => void;
  readonly #released = Promise.withResolvers<void>();
  #connection: ShimConnection | undefined;

  constructor(init: ShimClientInit) {
    const { promise, resolve } = Promise.withResolvers<ExitRecord>();
    const gone = Promise.withResolvers<void>();
    this.directory = init.directory;
    this.pid = init.pid;
    this.exited = promise;
    this.#init = init;
    this.#settleExit = resolve;
    this.gone = gone.promise;
    this.#settleGone = gone.resolve;
    if (init.exit) resolve(init.exit);
    if (init.connection) this.#use(init.connection);
  }

  async attach(client: Socket, options: ShimAttach): Promise<void> {
    if (!isPassable(client)) {
      carry(client, await this.open(options));
      return;
    }
    const stilled = await stillSocket(client);
    if (!stilled) return;
    await this.#request(FRAME.attach, encodeAttach(options, inOrder(options.head, stilled.head)), stilled.descriptor);
    client.destroy();
  }

  async open(options: ShimAttach): Promise<Socket> {
    const { stream, theirs } = streamPair();
    try {
      await this.#request(FRAME.attach, encodeAttach(options, options.head), theirs);
      return stream;
    } catch (error) {
      stream.destroy();
      throw error;
    } finally {
      closeSync(theirs);
    }
  }

  async handOverWait(client: Socket, options: { untilReleased: boolean }): Promise<void> {
    const stilled = isPassable(client) ? await stillSocket(client) : undefined;
    if (stilled && (await this.#passWait(stilled.descriptor, options.untilReleased))) {
      client.destroy();
      return;
    }
    void this.#answerWait(client, options.untilReleased);
  }

  async #passWait(descriptor: number, untilReleased: boolean): Promise<boolean> {
    try {
      await this.#request(FRAME.wait, Buffer.from([untilReleased ? 1 : 0]), descriptor);
      return true;
    } catch {
      return false;
    }
  }

  /** What the shim would have done, for a client that can't be passed or came too late. */
  async #answerWait(client: Socket, untilReleased: boolean): Promise<void> {
    const { exitCode } = await this.exited;
    if (untilReleased) await this.#released.promise;
    const body = `${JSON.stringify({ StatusCode: exitCode })}\n`;
    client.end(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  }

  async resize(size: { rows: number; columns: number }): Promise<void> {
    await this.#request(FRAME.resize, encodeSize(size.rows, size.columns));
  }

  async closeStdin(): Promise<void> {
    await this.#request(FRAME.closeStdin);
  }

  async reopenLog(): Promise<void> {
    await this.#request(FRAME.reopenLog);
  }

  /** Idempotent. Resolves also when the shim has ended before. */
  async release(): Promise<void> {
    this.#released.resolve();
    await this.#request(FRAME.release).catch(() => {});
  }

  /** Lets go of the shim, which stays as it is for the next hoyd. */
  disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (!connection) return;
    connection.onClose = () => {};
    connection.close();
  }

  async #request(type: number, payload?: Uint8Array, descriptor?: number): Promise<void> {
    if (!this.#connection) throw processHasEnded();
    try {
      await this.#connection.request(type, payload, descriptor);
    } catch (cause) {
      throw processHasEnded(cause);
    }
  }

  #use(connection: ShimConnection): void {
    this.#connection = connection;
    connection.onClose = () => void this.#lost();
    connection.listen((frame) => this.#heard(frame));
  }

  #heard({ type, payload }: Frame): void {
    if (type === FRAME.exited || type === FRAME.failed) this.#settleExit(parseExitRecord(payload.toString()));
    if (type === FRAME.rotated) this.#init.onRotated?.(this.directory, payload.toString());
  }

  async #lost(): Promise<void> {
    this.#connection = undefined;
    const record = await readExitRecord(this.directory);
    const connection = record ? undefined : await this.#init.reconnect();
    if (connection) return this.#use(connection);
    this.#settleExit(record ?? (await readExitRecord(this.directory)) ?? lostRecord(this.pid));
    this.#settleGone();
  }
}

const processHasEnded = (cause?: unknown) => conflict('the process has ended', { cause });

/** What came with the request is older than what its socket had in store. */
export const inOrder = (first: Buffer, second: Buffer): Buffer =>
  second.length === 0 ? first : Buffer.concat([first, second]);

/** A stream of ours, and the descriptor of its other end, for the shim. */
export function streamPair(): { stream: Socket; theirs: number } {
  const [ours, theirs] = socketPair();
  return { stream: new Socket({ fd: ours, readable: true, writable: true, allowHalfOpen: true }), theirs };
}
