// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type CommandOptions, type CommandResult, type RunningCommand, run, start } from './command.ts';
import { engineUnderTest, newPlaces, type Places, projectRoot } from './engine.ts';
import { type Answer, Api } from './http.ts';
import { holdings, removeHoldings } from './leaks.ts';
import { waitUntil } from './wait.ts';

export const BUSYBOX = 'hoy/busybox:latest';

export interface DaemonOptions {
  /** More flags. */
  flags?: string[];
}

/**
 * A real engine with directories, socket and containers of its own. Disposing removes its containers, stops it, and
 * fails if anything of it is left on the machine; what is left is taken away all the same.
 */
export class Daemon implements AsyncDisposable {
  readonly places: Places;
  readonly api: Api;
  readonly #flags: string[];
  readonly #containerIds = new Set<string>();
  #process: ChildProcess | undefined;

  constructor(options: DaemonOptions = {}) {
    this.places = newPlaces();
    this.api = new Api(this.places.socket);
    this.#flags = options.flags ?? [];
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get host(): string {
    return `unix://${this.places.socket}`;
  }

  /** Starts the engine, and resolves when it answers. Works again after `stop` or `kill`. */
  async start(): Promise<void> {
    const log = openSync(this.#logPath, 'a');
    const { command, args, env } = engineUnderTest;
    this.#process = spawn(command, [...args(this.places), ...this.#flags], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    await waitUntil('the engine answers', () => this.#answers());
  }

  async #answers(): Promise<boolean> {
    if (this.#process?.exitCode !== null) throw new Error(`the engine ended:\n${this.log()}`);
    if (!existsSync(this.places.socket)) return false;
    const answer = await this.api.get('/_ping').catch(() => undefined);
    return answer?.status === 200;
  }

  /** Ends the engine the polite way and returns its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.#end(signal);
  }

  /** What a crash does to it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const [code] = (await ended) as [number | null];
    clearTimeout(timer);
    return code;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** What the engine wrote to its log so far. */
  log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  get #logPath(): string {
    return join(this.places.directory, 'hoyd.log');
  }

  /** Makes a container over the API and returns its ID; remembers it for the clean-up. */
  async create(config: object, name?: string): Promise<string> {
    const query = name ? `?name=${name}` : '';
    const answer = await this.api.post(`/containers/create${query}`, {
      Image: BUSYBOX,
      ...config,
      HostConfig: { NetworkMode: 'none', ...(config as { HostConfig?: object }).HostConfig },
    });
    if (answer.status !== 201) throw new Error(`create: ${answer.status} ${answer.text}`);
    this.#containerIds.add(answer.json.Id);
    return answer.json.Id;
  }

  /** Makes and starts a container that runs `command` in a shell. */
  async runShell(command: string, config: object = {}): Promise<string> {
    const id = await this.create({ Cmd: ['sh', '-c', command], ...config });
    expectStatus(await this.api.post(`/containers/${id}/start`), 204);
    return id;
  }

  async wait(id: string): Promise<number> {
    return (await this.api.post(`/containers/${id}/wait`)).json.StatusCode;
  }

  /** The unmodified docker CLI, pointed at this engine. */
  docker(args: string[], options?: CommandOptions): Promise<CommandResult> {
    return run('docker', ['-H', this.host, ...args], withoutContext(options));
  }

  startDocker(args: string[], options?: CommandOptions): RunningCommand {
    return start('docker', ['-H', this.host, ...args], withoutContext(options));
  }

  hoy(args: string[], options?: CommandOptions): Promise<CommandResult> {
    return run(
      process.execPath,
      [join(projectRoot, 'dist/hoy.cjs'), '-H', this.host, ...args],
      withoutContext(options),
    );
  }

  startHoy(args: string[], options?: CommandOptions): RunningCommand {
    return start(
      process.execPath,
      [join(projectRoot, 'dist/hoy.cjs'), '-H', this.host, ...args],
      withoutContext(options),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { directory } = this.places;
    let left: string[] = [];
    try {
      const isUp = await this.#answers().catch(() => false);
      if (isUp) await this.#removeContainers();
      await this.#end('SIGTERM');
      if (isUp) left = await this.#leftovers();
    } finally {
      await this.#end('SIGKILL');
      if (process.env.HOY_TEST_KEEP !== '1') {
        await removeHoldings(directory, this.#containerIds);
        rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
      }
    }
    if (left.length > 0) throw new Error(`the engine left on the machine:\n${left.join('\n')}`);
  }

  async #removeContainers(): Promise<void> {
    const list = (await this.api.get('/containers/json?all=1')).json as { Id: string }[];
    await Promise.all(
      list.map(async ({ Id }) => {
        this.#containerIds.add(Id);
        const answer = await this.api.delete(`/containers/${Id}?force=1&v=1`);
        if (answer.status !== 204 && answer.status !== 404) throw new Error(`remove ${Id}: ${answer.text}`);
      }),
    );
  }

  /** The kernel takes a moment to let go; what is still there after it is left over. */
  async #leftovers(): Promise<string[]> {
    const look = () => holdings(this.places.directory, this.#containerIds);
    await waitUntil('nothing is left', () => look().length === 0, 3_000).catch(() => {});
    return look();
  }
}

/** No setting of the person who runs the tests may change what the docker CLI does. */
function withoutContext(options: CommandOptions = {}): CommandOptions {
  return { ...options, env: { DOCKER_CONFIG: '/nonexistent', DOCKER_CLI_HINTS: 'false', ...options.env } };
}

export async function startDaemon(options?: DaemonOptions): Promise<Daemon> {
  const daemon = new Daemon(options);
  try {
    await daemon.start();
    if (engineUnderTest.name === 'dockerd') await loadBusybox(daemon);
    return daemon;
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}

/** hoyd has the image built in; another engine is given it. */
async function loadBusybox(daemon: Daemon): Promise<void> {
  const answer = await daemon.api.post('/images/load', readFileSync(join(projectRoot, 'dist/busybox.tar')));
  expectStatus(answer, 200);
}

/** One engine for all tests of a file. */
export function sharedDaemon(options?: DaemonOptions): () => Daemon {
  let daemon: Daemon | undefined;
  before(async () => {
    daemon = await startDaemon(options);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
  });
  return () => {
    if (!daemon) throw new Error('the engine was not started');
    return daemon;
  };
}

export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected status ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}
