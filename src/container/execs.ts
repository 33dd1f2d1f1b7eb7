// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerContext } from '#container/context.ts';
import { parseDetachKeys } from '#container/detach-keys.ts';
import { processEnvironment } from '#container/environment.ts';
import { noSuchContainer, noSuchExec, notRunning, pausedBeforeExec } from '#container/failures.ts';
import type { Launcher } from '#container/launcher.ts';
import { expectUnfrozen } from '#container/state.ts';
import { settlesWithin } from '#container/timing.ts';
import { lookupUser } from '#container/user-lookup.ts';
import { conflict, invalidParameter, isEngineError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { AttachedClient } from '#model/client.ts';
import type { ContainerRecord, ExecConfig, ExecRecord } from '#model/container.ts';
import { buildExecProcess } from '#runtime/spec/process.ts';
import type { ExitRecord, Shim, ShimAttach, ShimLaunch } from '#runtime/types.ts';

/** An exec can be inspected for so long after it ended. */
const KEEP_ENDED_MS = 10 * 60_000;
/** The news of a container's end takes no longer. */
const END_IS_NEWS_WITHIN_MS = 200;
/** Docker's code for an exec that could not be started and gave no code of its own. */
const NOT_STARTED = 126;

export interface ExecStartOptions {
  detach: boolean;
  consoleSize?: [rows: number, columns: number];
  client?: AttachedClient;
  multiplexed: boolean;
}

/** Processes started in running containers beside their first one. */
export class Execs {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;
  readonly #shims = new Map<string, Shim>();
  /** Being started at this moment. */
  readonly #starting = new Set<string>();

  constructor(context: ContainerContext, launcher: Launcher) {
    this.#context = context;
    this.#launcher = launcher;
  }

  async create(ref: string, config: ExecConfig): Promise<string> {
    this.#context.deps.operations.expectStart();
    const { record } = this.#context.find(ref);
    expectUnfrozen(record.id, record.state, pausedBeforeExec(record.id));
    if (config.argv.length === 0) throw invalidParameter('No exec command specified');
    parseDetachKeys(config.detachKeys, 'escape');
    const exec: ExecRecord = { id: newId(), containerId: record.id, config, state: { status: 'created' } };
    this.#context.current(record.id);
    this.#context.store.saveExec(exec);
    this.#announce(exec, `exec_create: ${spelled(config)}`);
    return exec.id;
  }

  inspect(id: string): ExecRecord {
    const exec = this.#context.store.getExec(id);
    if (!exec) throw noSuchExec(id);
    return exec;
  }

  /** IDs of those that run in a container. */
  runningIn(containerId: string): string[] {
    const execs = this.#context.store.execsOf(containerId);
    return execs.filter(({ state }) => state.status === 'running').map(({ id }) => id);
  }

  /** Throws what `start` would throw before anything is made. */
  checkStart(id: string): ExecRecord {
    const exec = this.inspect(id);
    const record = this.#context.store.get(exec.containerId);
    if (!record) throw noSuchContainer(id);
    expectUnfrozen(record.id, record.state, pausedBeforeExec(record.id));
    if (exec.state.status === 'exited') throw conflict(`exec command ${id} has already run`);
    if (exec.state.status === 'running' || this.#starting.has(id)) {
      throw conflict(`exec command ${id} is already running`);
    }
    return exec;
  }

  /** Resolves when the process runs. An exec that could not be started has ended. */
  async start(id: string, options: ExecStartOptions): Promise<void> {
    const exec = this.checkStart(id);
    this.#announce(exec, `exec_start: ${spelled(exec.config)}`);
    this.#starting.add(id);
    try {
      const shim = await this.#launch(exec, options);
      this.#context.store.saveExec({ ...exec, state: { status: 'running', pid: shim.pid } });
      this.follow(exec, shim);
    } catch (error) {
      this.#notStarted(exec, error);
      throw (await this.#wasOvertaken(exec, error)) ? notRunning(exec.containerId) : error;
    } finally {
      this.#starting.delete(id);
    }
  }

  /** Whether it failed because the container was ending: runtimes find many words for that. */
  async #wasOvertaken({ containerId }: ExecRecord, error: unknown): Promise<boolean> {
    if (!isEngineError(error, 'internal')) return false;
    const run = this.#context.existingInstance(containerId)?.run;
    return run === undefined || settlesWithin(this.#context.deps.clock, run.settled, END_IS_NEWS_WITHIN_MS);
  }

  async #launch(exec: ExecRecord, options: ExecStartOptions): Promise<Shim> {
    const { deps, paths } = this.#context;
    const record = this.#context.current(exec.containerId);
    const directory = paths.shim(exec.id);
    const launch = await this.#shimLaunch(exec, record, { directory, ...options });
    const { client } = options;
    try {
      if (!client) return await deps.shims.launch(launch);
      const { stream, passable } = client;
      return await deps.shims.launch(launch, [
        { client: stream, passable, options: attachOptions(exec, options, client) },
      ]);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async #shimLaunch(
    { config }: ExecRecord,
    record: ContainerRecord,
    start: ExecStartOptions & { directory: string },
  ): Promise<ShimLaunch> {
    const { deps, options } = this.#context;
    const user = await this.#lookUpUser(record, config);
    const consoleSize = start.consoleSize ?? config.consoleSize;
    const process = buildExecProcess({
      argv: config.argv,
      env: processEnvironment(record.config, { tty: config.tty, home: user.home, extra: config.env }),
      cwd: config.workingDir || record.config.workingDir || '/',
      user,
      tty: config.tty,
      ...(consoleSize && { consoleSize }),
      privileged: config.privileged,
      hostConfig: record.hostConfig,
      defaultUlimits: options.defaultUlimits,
      host: deps.host,
    });
    const processFile = join(start.directory, 'process.json');
    mkdirSync(start.directory, { recursive: true, mode: 0o700 });
    writeFileSync(processFile, JSON.stringify(process), { mode: 0o600 });
    const { runtime, runtimeRoot } = this.#launcher.runtimeContainer(record);
    return {
      directory: start.directory,
      process: { kind: 'exec', processFile },
      runtime,
      runtimeRoot,
      containerId: record.id,
      tty: config.tty,
      ...(config.tty && consoleSize && { consoleSize }),
      stdin: config.attachStdin && start.client ? 'once' : 'closed',
      log: { driver: 'none' },
      oomFiles: [],
    };
  }

  async #lookUpUser(record: ContainerRecord, { user }: ExecConfig): ReturnType<typeof lookupUser> {
    const rootfs = await this.#context.deps.snapshots.mount(record.id);
    return lookupUser(rootfs, user || record.config.user, record.hostConfig.groupAdd);
  }

  #notStarted(exec: ExecRecord, error: unknown): void {
    const code = (error as { exitCode?: unknown }).exitCode;
    const exitCode = typeof code === 'number' ? code : NOT_STARTED;
    if (!this.#context.store.get(exec.containerId)) return;
    this.#context.store.saveExec({ ...exec, state: { status: 'exited', exitCode, pid: 0 } });
    this.#forgetLater(exec.id);
  }

  /** Takes charge of an exec whose process runs. */
  follow(exec: ExecRecord, shim: Shim): void {
    this.#shims.set(exec.id, shim);
    shim.exited
      .then((exit) => this.#ended(exec, shim, exit))
      .catch((err: unknown) => {
        this.#context.deps.logger.error({ err, id: exec.id }, 'the end of an exec could not be stored');
      });
  }

  #ended(exec: ExecRecord, shim: Shim, exit: ExitRecord): void {
    const { store } = this.#context;
    this.#shims.delete(exec.id);
    if (store.get(exec.containerId)) {
      store.saveExec({ ...exec, state: { status: 'exited', exitCode: exit.exitCode, pid: shim.pid } });
      this.#announce(exec, 'exec_die', { exitCode: String(exit.exitCode) });
      this.#forgetLater(exec.id);
    }
    this.#clearAway(exec.id, shim);
  }

  #clearAway(id: string, shim: Shim): void {
    void this.#context.background.run('clearing away after an exec', { id }, async () => {
      await shim.release();
      await rm(this.#context.paths.shim(id), { recursive: true, force: true });
    });
  }

  /** An exec that ended is kept a while for those who ask how. */
  #forgetLater(id: string): void {
    const { deps, background, store } = this.#context;
    deps.clock.after(KEEP_ENDED_MS, () => {
      void background.run('forgetting an exec', { id }, async () => store.deleteExec(id));
    });
  }

  /** After a restart of the engine: those that run are followed again, of the others the end is recorded. */
  async restore(): Promise<void> {
    const { store, deps } = this.#context;
    const execs = store.all().flatMap((record) => store.execsOf(record.id));
    await Promise.all(
      execs.map((exec) =>
        this.#restoreOne(exec).catch((err: unknown) => {
          deps.logger.error({ err, id: exec.id }, 'an exec could not be restored');
          this.#notStarted(exec, err);
        }),
      ),
    );
  }

  async #restoreOne(exec: ExecRecord): Promise<void> {
    const { deps, paths, store } = this.#context;
    const directory = paths.shim(exec.id);
    if (exec.state.status === 'exited') {
      this.#forgetLater(exec.id);
      // The engine may have died before it had cleared away.
      if (existsSync(directory)) this.#clearAway(exec.id, await deps.shims.reconnect(directory));
    }
    // Or between the start of the process and its record of it.
    else if (exec.state.status === 'running' || existsSync(directory)) {
      const shim = await deps.shims.reconnect(directory);
      store.saveExec({ ...exec, state: { status: 'running', pid: shim.pid } });
      this.follow(exec, shim);
    }
  }

  /** The container ended: what was never started in it never will be. */
  containerEnded(containerId: string): void {
    for (const exec of this.#context.store.execsOf(containerId)) {
      if (exec.state.status === 'created' && !this.#starting.has(exec.id)) this.#context.store.deleteExec(exec.id);
    }
  }

  async resize(id: string, size: { rows: number; columns: number }): Promise<void> {
    const exec = this.inspect(id);
    const shim = this.#shims.get(exec.id);
    if (!shim) throw invalidParameter('exec process is not started');
    await shim.resize(size);
  }

  /** For one that takes too long. Does nothing when it has ended. */
  kill(id: string, signal: number): void {
    const shim = this.#shims.get(id);
    if (shim) this.#context.deps.operations.signal(shim.pid, signal);
  }

  /** Settles when the process has ended and that is recorded. */
  async ended(id: string): Promise<void> {
    await this.#shims.get(id)?.exited;
  }

  #announce(exec: ExecRecord, action: string, attributes: Record<string, string> = {}): void {
    const record = this.#context.store.get(exec.containerId);
    if (record) this.#context.announcer.container(record, action, { ...attributes, execID: exec.id });
  }
}

/** As Docker spells a command in events: the blank behind its name is there without arguments too. */
const spelled = ({ argv: [command = '', ...args] }: ExecConfig): string => `${command} ${args.join(' ')}`;

function attachOptions({ config }: ExecRecord, { multiplexed }: ExecStartOptions, client: AttachedClient): ShimAttach {
  return {
    stdin: config.attachStdin,
    stdout: config.attachStdout,
    stderr: config.attachStderr,
    detachKeys: config.tty ? parseDetachKeys(config.detachKeys, 'escape') : new Uint8Array(),
    multiplexed,
    head: client.head,
  };
}
