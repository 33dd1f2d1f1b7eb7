// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { messageOf } from '#core/errors.ts';
import type { Progress } from '#model/image.ts';
import type { Call } from './call.ts';

/** An answer of one JSON document after another. Waits for slow clients. */
export class JsonStream {
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;
  /** What stands before each document: a record separator in JSON text sequences (RFC 7464). */
  readonly #before: string;

  /** Sends the head at once, so that the client knows it is served. */
  constructor(call: Call, contentType: string) {
    this.#response = call.response;
    this.#signal = call.signal;
    this.#before = contentType === 'application/json-seq' ? '\u001e' : '';
    call.response.writeHead(200, { 'Content-Type': contentType });
    call.response.flushHeaders();
  }

  write(value: unknown): Promise<void> {
    return this.writeText(JSON.stringify(value));
  }

  /** A document that was already made text. */
  async writeText(json: string): Promise<void> {
    if (this.#signal.aborted) return;
    if (this.#response.write(`${this.#before}${json}\n`)) return;
    await once(this.#response, 'drain', { signal: this.#signal }).catch(() => {});
  }

  end(): void {
    this.#response.end();
  }
}

/** Docker's `jsonmessage` of a step of the engine's work. */
export function progressMessage(progress: Progress): Record<string, unknown> {
  const { status, id, stream, current, total, aux } = progress;
  const detail = current === undefined ? undefined : { current, ...(total !== undefined && { total }) };
  return {
    ...(stream !== undefined && { stream }),
    ...(status !== undefined && { status }),
    ...(detail && { progressDetail: detail }),
    ...(id !== undefined && { id }),
    ...(aux !== undefined && { aux }),
  };
}

/** How a progress stream tells that the work failed after it began. */
export function errorMessage(error: unknown): Record<string, unknown> {
  const message = messageOf(error);
  return { errorDetail: { message }, error: message };
}
