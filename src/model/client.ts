// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResult {
  exitCode: number;
  /** Why the container could not be waited for or removed. */
  error?: string;
}

/** Where an attached client is: its raw socket after the HTTP upgrade, or any duplex that hoyd itself feeds (TLS, websocket). */
export interface AttachedClient {
  /** A plain unix or TCP socket may be passed to the shim, so that the client survives a restart of hoyd. */
  stream: Socket | Duplex;
  passable: boolean;
  /** Bytes of the stream that were read together with the request's head. */
  head: Buffer;
}

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Send what was logged before the live stream. */
  logs: boolean;
  /** Stay for the live stream. */
  stream: boolean;
  /** `ctrl-p,ctrl-q` form; `''` is the default sequence. */
  detachKeys: string;
  /** Frame output with the 8-byte header (API §"Stream format"); false for a TTY and for websockets. */
  multiplexed: boolean;
}

export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  timestamps: boolean;
  details: boolean;
  /** Last lines to start from; -1 is all. */
  tail: number;
  since?: { nano: bigint };
  until?: { nano: bigint };
  signal: AbortSignal;
}
