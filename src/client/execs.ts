// SPDX-License-Identifier: Apache-2.0
import type { Connection, Hijacked } from '#client/connection.ts';

export interface ExecStart {
  Detach: boolean;
  Tty: boolean;
  ConsoleSize?: [rows: number, columns: number];
}

/** Processes that are started beside a container's own. */
export class Execs {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  create(containerRef: string, body: object): Promise<{ Id: string }> {
    return this.#connection.json('POST', `/containers/${encodeURIComponent(containerRef)}/exec`, { body });
  }

  async startDetached(id: string, start: ExecStart): Promise<void> {
    await this.#connection.text('POST', `/exec/${id}/start`, { body: start });
  }

  startAttached(id: string, start: ExecStart): Promise<Hijacked> {
    return this.#connection.hijack(`/exec/${id}/start`, { body: start });
  }

  inspect(id: string): Promise<{ Running: boolean; ExitCode: number | null }> {
    return this.#connection.json('GET', `/exec/${id}/json`);
  }

  async resize(id: string, size: { rows: number; columns: number }): Promise<void> {
    await this.#connection.text('POST', `/exec/${id}/resize`, { query: { h: size.rows, w: size.columns } });
  }
}
