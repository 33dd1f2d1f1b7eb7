// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { EngineError, messageOf } from '#core/errors.ts';
import type {
  Failure,
  InputMessage,
  ReceiveEvent,
  ResultOf,
  Task,
  TaskMessage,
  WorkerMessage,
} from '#layer/worker-protocol.ts';

export interface WorkerPoolOptions {
  /** The worker's script. @default `worker.ts` beside this file; a bundle has to name its own */
  entry?: URL | string;
  /** Tasks at once, beside those that take in a stream. @default one for each CPU, at least two */
  size?: number;
  /** How long a worker without work is kept. @default 10000 */
  idleMs?: number;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** Fed to the task as fast as it reads. */
  input?: AsyncIterable<Uint8Array>;
  onEvent?: (event: ReceiveEvent) => void;
}

interface Job {
  task: Task;
  options: RunOptions;
  cancelled: Int32Array;
  resolve(result: never): void;
  reject(error: unknown): void;
}

interface Member {
  worker: Worker;
  job: Job | undefined;
  idleTimer: NodeJS.Timeout | undefined;
}

const DEFAULT_IDLE_MS = 10_000;
const INPUT_CHUNK_BYTES = 1024 * 1024;
const INPUT_WINDOW_CHUNKS = 8;
/** Streams that are taken in at once; each has a thread. */
const MAX_STREAMS = 32;

/** Worker threads for tar, hashes and compression. They are started when there is work, and end when there is none. */
export class WorkerPool implements AsyncDisposable {
  readonly #entry: URL | string;
  readonly #size: number;
  readonly #idleMs: number;
  readonly #members = new Set<Member>();
  readonly #waiting: Job[] = [];
  #nextId = 1;

  constructor(options: WorkerPoolOptions = {}) {
    this.#entry = options.entry ?? new URL('./worker.ts', import.meta.url);
    this.#size = options.size ?? Math.max(2, availableParallelism());
    this.#idleMs = options.idleMs ?? DEFAULT_IDLE_MS;
  }

  /** Runs a task when a worker is free. Once the signal is aborted it ends soon, with the signal's reason. */
  run<T extends Task>(task: T, options: RunOptions = {}): Promise<ResultOf<T>> {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    return new Promise<ResultOf<T>>((resolve, reject) => {
      this.#waiting.push({ task, options, cancelled, resolve: resolve as (result: never) => void, reject });
      this.#dispatch();
    });
  }

  /** Ends all workers; what runs or waits fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.reject(new EngineError('unavailable', 'the engine is stopping'));
    await Promise.all([...this.#members].map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    for (let index = this.#nextIndex(); index >= 0; index = this.#nextIndex()) {
      const [job] = this.#waiting.splice(index, 1);
      if (job !== undefined) this.#begin(this.#freeMember(), job);
    }
  }

  /**
   * The job that may begin now, or -1. A job that is fed mostly waits for whoever sends: it takes no place from the
   * others. Nobody waits for a removal: it comes after everything else.
   */
  #nextIndex(): number {
    const busy = [...this.#members].flatMap(({ job }) => job ?? []);
    const streams = busy.filter(isFed).length;
    const mayBegin = (job: Job): boolean => (isFed(job) ? streams < MAX_STREAMS : busy.length - streams < this.#size);
    const first = this.#waiting.findIndex((job) => job.task.kind !== 'remove' && mayBegin(job));
    return first >= 0 ? first : this.#waiting.findIndex(mayBegin);
  }

  #freeMember(): Member {
    for (const member of this.#members) if (member.job === undefined) return member;
    return this.#hire();
  }

  #hire(): Member {
    // Descriptors come from system calls that Node doesn't know of; the tasks close them themselves.
    const worker = new Worker(this.#entry, { name: 'hoy-layer', trackUnmanagedFds: false });
    const member: Member = { worker, job: undefined, idleTimer: undefined };
    this.#members.add(member);
    worker.on('message', (message: WorkerMessage) => this.#receive(member, message));
    worker.on('error', (error) => this.#lose(member, error));
    worker.on('exit', () => this.#lose(member, new EngineError('internal', 'a worker thread ended unexpectedly')));
    return member;
  }

  #begin(member: Member, job: Job): void {
    const { signal, input } = job.options;
    if (signal?.aborted) {
      job.reject(signal.reason);
      return;
    }
    clearTimeout(member.idleTimer);
    member.job = job;
    member.worker.ref();
    const id = this.#nextId++;
    const message: TaskMessage = { id, task: job.task, cancelled: job.cancelled };
    const onAbort = () => Atomics.store(job.cancelled, 0, 1);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (input === undefined) member.worker.postMessage(message);
    else {
      const { port1, port2 } = new MessageChannel();
      member.worker.postMessage({ ...message, input: port2 }, [port2]);
      void feed(port1, input, signal);
    }
  }

  #receive(member: Member, message: WorkerMessage): void {
    if ('event' in message) member.job?.options.onEvent?.(message.event);
    else if ('result' in message) this.#finish(member, (job) => job.resolve(message.result as never));
    else this.#finish(member, (job) => job.reject(failureToError(job, message.failure)));
  }

  #finish(member: Member, settle: (job: Job) => void): void {
    const { job } = member;
    if (job === undefined) return;
    member.job = undefined;
    member.worker.unref();
    member.idleTimer = setTimeout(() => this.#dismiss(member), this.#idleMs).unref();
    settle(job);
    this.#dispatch();
  }

  /** Forgotten at once, so that it gets no more work while it ends. */
  #dismiss(member: Member): void {
    this.#members.delete(member);
    void member.worker.terminate();
  }

  #lose(member: Member, error: unknown): void {
    clearTimeout(member.idleTimer);
    this.#members.delete(member);
    member.job?.reject(error);
    member.job = undefined;
    this.#dispatch();
  }
}

const isFed = (job: Job): boolean => job.options.input !== undefined;

function failureToError(job: Job, failure: Failure): unknown {
  if (job.options.signal?.aborted) return job.options.signal.reason;
  const error = new EngineError(failure.code ?? 'internal', failure.message);
  if (failure.code === undefined && failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

/** Sends the input in chunks of a good size, a few ahead of what the worker has read. */
async function feed(port: MessagePort, input: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  const window = new InputWindow(port);
  const onAbort = () => window.breakOff('cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });
  // Whoever gave the stream decides what becomes of the part that nobody wants.
  const source = input instanceof Readable ? input.iterator({ destroyOnReturn: false }) : input;
  let last: InputMessage = { end: true };
  try {
    let filled = 0;
    let buffer = newBuffer();
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + INPUT_CHUNK_BYTES - filled);
        buffer.set(part, filled);
        at += part.length;
        filled += part.length;
        if (filled < INPUT_CHUNK_BYTES) continue;
        if (!(await window.send(buffer))) return;
        buffer = newBuffer();
        filled = 0;
      }
    }
    if (filled > 0) await window.send(buffer.subarray(0, filled));
  } catch (error) {
    last = { error: messageOf(error) };
  } finally {
    signal?.removeEventListener('abort', onAbort);
    window.close(last);
  }
}

/** Never from Buffer's pool: the memory is given away. */
const newBuffer = (): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(INPUT_CHUNK_BYTES).buffer);

class InputWindow {
  readonly #port: MessagePort;
  #outstanding = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', () => {
      this.#outstanding -= 1;
      this.#wake?.();
    });
    port.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** Gives the chunk away. Resolves when more may be sent; with false if nobody reads any more. */
  async send(chunk: Uint8Array): Promise<boolean> {
    if (this.#closed) return false;
    this.#port.postMessage({ chunk } satisfies InputMessage, [chunk.buffer as ArrayBuffer]);
    this.#outstanding += 1;
    while (this.#outstanding >= INPUT_WINDOW_CHUNKS && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#closed;
  }

  breakOff(reason: string): void {
    this.close({ error: reason });
  }

  close(last: InputMessage): void {
    if (!this.#closed) this.#port.postMessage(last);
    this.#closed = true;
    this.#port.close();
    this.#wake?.();
  }
}
