// SPDX-License-Identifier: Apache-2.0
import { Duplex } from 'node:stream';
import type { ContainerContext } from '#container/context.ts';
import type { Execs } from '#container/execs.ts';
import type { Probe } from '#container/health.ts';
import { SIGKILL } from '#container/signals.ts';
import { settlesWithin } from '#container/timing.ts';
import type { ExecConfig } from '#model/container.ts';

const MAX_OUTPUT_BYTES = 4096;
/** A process left behind may hold the output open; the probe has ended all the same. */
const DRAIN_TIMEOUT_MS = 2000;
/** Starting a probe doesn't count as part of it, but must come to an end too. */
const START_TIMEOUT_MS = 30_000;

/** Runs health probes as execs, so that they see what the container's own processes see. */
export function execProbe(context: ContainerContext, execs: Execs): Probe {
  return async (record, { argv, timeoutMs }) => {
    const { clock } = context.deps;
    const id = await execs.create(record.id, probeConfig(argv));
    try {
      const output = new LimitedOutput();
      const client = { stream: output, passable: false, head: Buffer.alloc(0) };
      const started = execs.start(id, { detach: false, client, multiplexed: false });
      if (!(await settlesWithin(clock, started, START_TIMEOUT_MS))) throw new Error('timed out starting health check');
      await started;
      const ended = execs.ended(id);
      if (await settlesWithin(clock, ended, timeoutMs)) {
        await settlesWithin(clock, output.received, DRAIN_TIMEOUT_MS);
        const { state } = execs.inspect(id);
        return { exitCode: state.status === 'exited' ? state.exitCode : -1, output: output.text() };
      }
      execs.kill(id, SIGKILL);
      await ended;
      const message = `Health check exceeded timeout (${formatSeconds(timeoutMs)})`;
      return { exitCode: -1, output: output.text() ? `${message}: ${output.text()}` : message };
    } finally {
      context.store.deleteExec(id);
    }
  };
}

const formatSeconds = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;

const probeConfig = (argv: string[]): ExecConfig => ({
  tty: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  detachKeys: '',
  env: [],
  argv,
  privileged: false,
  user: '',
  workingDir: '',
});

/** A client that keeps the beginning of what it is sent and lets the rest go by. */
class LimitedOutput extends Duplex {
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #isCut = false;
  /** Settles when everything was sent. */
  readonly received: Promise<void>;

  constructor() {
    super();
    this.received = new Promise((resolve) => {
      this.once('finish', resolve);
      this.once('close', resolve);
    });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const keptBytes = Math.min(chunk.length, MAX_OUTPUT_BYTES - this.#size);
    // A copy: a part of the chunk, even an empty one, would keep all of it in memory.
    if (keptBytes > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, keptBytes)));
    this.#size += keptBytes;
    this.#isCut ||= keptBytes < chunk.length;
    callback();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8') + (this.#isCut ? '...' : '');
  }
}
