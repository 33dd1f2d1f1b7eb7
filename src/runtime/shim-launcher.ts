// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { socketPair } from '#linux/descriptor.ts';
import { spawnProgram } from '#linux/spawn.ts';
import { SealedRuntimes } from '#runtime/sealed-runtimes.ts';
import { ShimClient, type ShimClientInit } from '#runtime/shim-client.ts';
import { ShimConnection } from '#runtime/shim-connection.ts';
import { connectToShim, greeting } from '#runtime/shim-directory.ts';
import { reapWhenEnded, runtimeEnvironment, shimArguments } from '#runtime/shim-process.ts';
import { lostRecord, parseExitRecord, readExitRecord, readPid } from '#runtime/shim-record.ts';
import { type Attachment, awaitStart, connectBeforeStart, type HandOver } from '#runtime/shim-start.ts';
import type { Shim, ShimLaunch, ShimLauncher } from '#runtime/types.ts';

export interface HoyShimLauncherOptions {
  /** Path of the `hoy-shim` program. */
  shimPath: string;
  /** Told when a shim has renamed its log file `path` to `path.1`, so that it can be compressed. */
  onRotated?: (directory: string, path: string) => void;
}

/** Starts hoy-shim programs, and finds again those that an earlier hoyd started. */
export class HoyShimLauncher implements ShimLauncher {
  readonly #options: HoyShimLauncherOptions;
  readonly #clients = new Set<ShimClient>();
  readonly #sealed = new SealedRuntimes();

  constructor(options: HoyShimLauncherOptions) {
    this.#options = options;
  }

  /** If it rejects, the clients are still the caller's: open, and nothing was taken from them. */
  async launch(launch: ShimLaunch, attachments: readonly Attachment[] = []): Promise<Shim> {
    const connection = this.spawn(launch);
    const handOvers: HandOver[] = [];
    try {
      for (const attachment of attachments) handOvers.push(await connectBeforeStart(connection, attachment));
      const pid = await awaitStart(connection, launch);
      const shim = this.#client({ directory: launch.directory, pid, connection });
      for (const { complete } of handOvers) complete();
      return shim;
    } catch (error) {
      for (const { giveUp } of handOvers) giveUp();
      connection.close();
      throw error;
    }
  }

  async reconnect(directory: string): Promise<Shim> {
    const connection = await connectToShim(directory);
    const state = connection && (await greeting(connection));
    if (connection && state && state.exit === undefined) {
      return this.#client({ directory, pid: state.pid, connection });
    }
    const exit = state?.exit === undefined ? await readExitRecord(directory) : parseExitRecord(state.exit);
    const pid = exit?.pid || (await readPid(directory));
    return this.#client({ directory, pid, ...(state && connection && { connection }), exit: exit ?? lostRecord(pid) });
  }

  /** Lets go of all shims; they and their processes go on. */
  disconnect(): void {
    for (const client of this.#clients) client.disconnect();
    this.#clients.clear();
    this.#sealed[Symbol.dispose]();
  }

  /** Starts the shim alone; it waits for the order to start the process, and ends if the connection does. */
  spawn(launch: ShimLaunch): ShimConnection {
    const [ours, theirs] = socketPair();
    try {
      const argv = shimArguments(launch, this.#sealed.programOf(launch.runtime));
      const pid = spawnProgram(this.#options.shimPath, argv, runtimeEnvironment(), theirs);
      const connection = ShimConnection.fromDescriptor(ours);
      connection.onEnd = () => reapWhenEnded(pid);
      return connection;
    } catch (error) {
      closeSync(ours);
      throw error;
    } finally {
      closeSync(theirs);
    }
  }

  #client(init: Pick<ShimClientInit, 'directory' | 'pid' | 'connection' | 'exit'>): ShimClient {
    const { onRotated } = this.#options;
    const client = new ShimClient({
      ...init,
      reconnect: () => connectToShim(init.directory),
      ...(onRotated && { onRotated }),
    });
    if (init.connection) {
      this.#clients.add(client);
      void client.gone.then(() => this.#clients.delete(client));
    }
    return client;
  }
}
