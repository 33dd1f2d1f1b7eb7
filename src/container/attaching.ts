// SPDX-License-Identifier: Apache-2.0

import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { ContainerContext } from '#container/context.ts';
import { parseDetachKeys } from '#container/detach-keys.ts';
import type { Instance } from '#container/instance.ts';
import { checkLogsReadable } from '#container/log-options.ts';
import { readLogs } from '#container/logs.ts';
import { expectLive } from '#container/state.ts';
import { conflict } from '#core/errors.ts';
import type { AttachedClient, AttachOptions } from '#model/client.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { ShimAttach } from '#runtime/types.ts';

/** Connects clients with the standard streams of a container, now or when it starts. */
export class Attaching {
  readonly #context: ContainerContext;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** Resolves when the client is connected; to a container that doesn't run, when it is sure to be connected at the start. */
  async attach(ref: string, client: AttachedClient, options: AttachOptions): Promise<void> {
    const { record, instance } = this.#context.find(ref);
    expectAttachable(ref, record);
    if (options.logs) checkLogsReadable(record.hostConfig.logConfig);
    const shimAttach = shimOptions(record, client, options);
    if (options.logs) await this.#replay(record, client, options);
    this.#context.announcer.container(record, 'attach');
    if (!options.stream) client.stream.end();
    else await connect(instance, client, shimAttach);
  }

  async resize(ref: string, size: { rows: number; columns: number }): Promise<void> {
    const { record, instance } = this.#context.find(ref);
    expectLive(record.id, record.state);
    await instance.run?.shim.resize(size);
    const attributes = { height: String(size.rows), width: String(size.columns) };
    this.#context.announcer.container(record, 'resize', attributes);
  }

  async #replay(record: ContainerRecord, client: AttachedClient, options: AttachOptions): Promise<void> {
    const { stdout, stderr, multiplexed } = options;
    if (!stdout && !stderr) return;
    const source = { path: record.logPath, tty: !multiplexed, attributes: {}, ended: Promise.resolve() };
    const everything = { stdout, stderr, follow: false, timestamps: false, details: false, tail: -1 };
    const stopped = new AbortController();
    await pipeline(readLogs(source, { ...everything, signal: stopped.signal }), client.stream, { end: false });
  }
}

function expectAttachable(ref: string, { state }: ContainerRecord): void {
  if (state.status === 'paused') throw conflict(`container ${ref} is paused, unpause the container before attach`);
  if (state.status === 'restarting') {
    throw conflict(`container ${ref} is restarting, wait until the container is running`);
  }
}

/** Keys are looked for on a terminal only: elsewhere every byte is data. */
function shimOptions(record: ContainerRecord, client: AttachedClient, options: AttachOptions): ShimAttach {
  const detachKeys = parseDetachKeys(options.detachKeys);
  return {
    stdin: options.stdin && record.config.openStdin,
    stdout: options.stdout,
    stderr: options.stderr,
    detachKeys: record.config.tty ? detachKeys : new Uint8Array(),
    multiplexed: options.multiplexed,
    head: client.head,
  };
}

async function connect(instance: Instance, client: AttachedClient, options: ShimAttach): Promise<void> {
  if (!instance.run) {
    const pending = { client, options };
    instance.attachments.add(pending);
    client.stream.once('close', () => instance.attachments.delete(pending));
    return;
  }
  const { shim } = instance.run;
  if (client.passable) {
    await shim.attach(client.stream as Socket, options);
    return;
  }
  const live = await shim.open(options);
  void pipeline(client.stream, live, client.stream).catch(() => {
    live.destroy();
    client.stream.destroy();
  });
}
