// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream';
import type { ContainerContext } from '#container/context.ts';
import type { Launcher } from '#container/launcher.ts';
import { checkLogsReadable, logAttributes } from '#container/log-options.ts';
import { readLogs } from '#container/logs.ts';
import { expectLive, isLive } from '#container/state.ts';
import { containerTop } from '#container/top.ts';
import type { LogOptions } from '#model/client.ts';
import type { ProcessTable, StatsSample } from '#model/system.ts';

/** Looks at containers: what they wrote, what runs in them, what they use. Changes nothing. */
export class Observation {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;

  constructor(context: ContainerContext, launcher: Launcher) {
    this.#context = context;
    this.#launcher = launcher;
  }

  logs(ref: string, options: LogOptions): { tty: boolean; stream: Readable } {
    const { record, instance } = this.#context.find(ref);
    const { config, hostConfig, logPath } = record;
    checkLogsReadable(hostConfig.logConfig);
    const attributes = logAttributes(record);
    const ended = instance.run?.settled ?? Promise.resolve();
    return { tty: config.tty, stream: readLogs({ path: logPath, tty: config.tty, attributes, ended }, options) };
  }

  async top(ref: string, psArguments: string): Promise<ProcessTable> {
    const record = this.#context.store.find(ref);
    expectLive(record.id, record.state);
    const pids = await this.#context.deps.operations.pids(this.#launcher.runtimeContainer(record));
    const table = await containerTop(pids, psArguments);
    this.#context.announcer.container(record, 'top');
    return table;
  }

  /** Without a sample for a container that is not running. */
  async stats(ref: string): Promise<{ id: string; name: string; sample: StatsSample | undefined }> {
    const record = this.#context.store.find(ref);
    const { id, name, state, hostConfig } = record;
    if (!isLive(state)) return { id, name, sample: undefined };
    // On the host's network every counter would be the host's.
    const pid = hostConfig.networkMode === 'host' ? undefined : state.pid;
    const sample = await this.#context.deps.operations.stats(this.#launcher.runtimeContainer(record), pid);
    return { id, name, sample };
  }
}
