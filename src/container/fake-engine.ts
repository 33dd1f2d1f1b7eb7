// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { testImage } from '#container/container-testing.ts';
import type { ContainerDeps, ContainerOptions } from '#container/deps.ts';
import { ContainerEngine } from '#container/engine.ts';
import { containerSchema } from '#container/store.ts';
import type { Clock } from '#core/clock.ts';
import { openDatabase } from '#core/database.ts';
import { notFound } from '#core/errors.ts';
import { silentLogger } from '#core/logger.ts';
import type { ImageResolver } from '#image/types.ts';
import type { SnapshotStore } from '#layer/types.ts';
import type { NewEvent } from '#model/event.ts';
import type { ImageRunConfig } from '#model/image.ts';
import type { RuntimeOperations } from '#runtime/operations.ts';
import type { ExitRecord, HostFacts, OciRuntime, Shim, ShimAttach, ShimLaunch, ShimLauncher } from '#runtime/types.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = Date.parse('2026-01-01T00:00:00Z');
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  now(): Date {
    return new Date(this.#nowMs);
  }

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  /** Runs everything that is due, in order, and lets what follows from each happen. */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
      await turns();
    }
    this.#nowMs = untilMs;
    await turns();
  }
}

/** Lets everything that waits for nothing but its turn happen. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

/** Waits for what the file system has to be asked for. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; !(await holds()); attempt++) {
    if (attempt === 200) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A shim whose process ends when a test says so. */
export class FakeShim implements Shim {
  readonly directory: string;
  readonly pid: number;
  readonly launch: ShimLaunch | undefined;
  readonly exited: Promise<ExitRecord>;
  readonly attached: { client: unknown; options: ShimAttach }[] = [];
  readonly waits: { client: unknown; untilReleased: boolean }[] = [];
  readonly sizes: { rows: number; columns: number }[] = [];
  isReleased = false;
  readonly #end: (record: ExitRecord) => void;
  readonly #clock: Clock;

  constructor(init: { directory: string; pid: number; clock: Clock; launch?: ShimLaunch }) {
    const { promise, resolve } = Promise.withResolvers<ExitRecord>();
    this.directory = init.directory;
    this.pid = init.pid;
    this.launch = init.launch;
    this.exited = promise;
    this.#end = resolve;
    this.#clock = init.clock;
  }

  end(exitCode: number, more: Partial<ExitRecord> = {}): void {
    this.#end({ pid: this.pid, exitCode, signal: 0, oomKilled: false, finishedAt: this.#clock.now(), ...more });
  }

  async attach(client: unknown, options: ShimAttach): Promise<void> {
    this.attached.push({ client, options });
  }

  async open(options: ShimAttach): Promise<Duplex> {
    const [here, there] = pair();
    this.attached.push({ client: there, options });
    return here;
  }

  async handOverWait(client: unknown, { untilReleased }: { untilReleased: boolean }): Promise<void> {
    this.waits.push({ client, untilReleased });
  }

  async resize(size: { rows: number; columns: number }): Promise<void> {
    this.sizes.push(size);
  }

  async closeStdin(): Promise<void> {}
  async reopenLog(): Promise<void> {}

  async release(): Promise<void> {
    this.isReleased = true;
  }
}

/** Two ends of one stream. */
export function pair(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, callback) {
        other().push(chunk);
        callback();
      },
      final(callback) {
        other().push(null);
        callback();
      },
    });
  const a: Duplex = make(() => b);
  const b: Duplex = make(() => a);
  return [a, b];
}

export class FakeShims implements ShimLauncher {
  readonly #clock: Clock;
  readonly byPid = new Map<number, FakeShim>();
  readonly byDirectory = new Map<string, FakeShim>();
  /** What the next launches are refused with. */
  failures: Error[] = [];
  /** Called for each launched shim, before it is given back. */
  onLaunch: (shim: FakeShim) => void = () => {};
  #nextPid = 1000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async launch(
    launch: ShimLaunch,
    attachments: readonly { client: unknown; options: ShimAttach }[] = [],
  ): Promise<Shim> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure) throw failure;
    const shim = new FakeShim({ directory: launch.directory, pid: this.#nextPid++, clock: this.#clock, launch });
    shim.attached.push(...attachments);
    this.byPid.set(shim.pid, shim);
    this.byDirectory.set(shim.directory, shim);
    this.onLaunch(shim);
    return shim;
  }

  async reconnect(directory: string): Promise<Shim> {
    const shim = this.byDirectory.get(directory);
    if (shim) return shim;
    const lost = new FakeShim({ directory, pid: 0, clock: this.#clock });
    lost.end(137);
    return lost;
  }

  get last(): FakeShim {
    const shim = [...this.byPid.values()].at(-1);
    if (!shim) throw new Error('nothing was launched');
    return shim;
  }
}

const RUNTIME: OciRuntime = {
  name: 'crun',
  path: '/usr/bin/crun',
  args: [],
  version: 'crun 1',
  hideUnifiedCgroup: false,
};

const HOST: HostFacts = {
  cgroupVersion: 2,
  cgroupControllers: new Set(['cpu', 'memory', 'pids']),
  seccompArchitectures: ['SCMP_ARCH_X86_64'],
  kernel: { major: 6, minor: 1 },
  apparmor: false,
  capabilities: new Set(['CAP_CHOWN', 'CAP_KILL']),
  devices: () => [],
};

/** The container engine with everything around it faked but the database and the files, in a directory of its own. */
export class FakeEngine implements Disposable {
  readonly root: string;
  readonly clock = new ManualClock();
  readonly events: NewEvent[] = [];
  readonly shims = new FakeShims(this.clock);
  readonly signals: { pid: number; signal: number }[] = [];
  /** Whether a signal ends the process at once, with 128 and the signal. */
  diesOf: (signal: number) => boolean = () => true;
  readonly runtimeCalls: string[] = [];
  readonly snapshots = new Map<string, string>();
  imageConfig: Partial<ImageRunConfig> = {};
  options: Partial<ContainerOptions> = {};
  engine: ContainerEngine;
  #database: ReturnType<typeof openDatabase>;

  constructor(options: Partial<ContainerOptions> = {}) {
    this.root = mkdtempSync(join(tmpdir(), 'hoy-container-'));
    this.options = options;
    this.#database = this.#open();
    this.engine = new ContainerEngine(this.#deps(), this.#options());
  }

  #open(): ReturnType<typeof openDatabase> {
    return openDatabase(join(this.root, 'state.db'), [containerSchema]);
  }

  /** A new engine on the same database, files and shims: the old one was killed. */
  async restart(options: Partial<ContainerOptions> = {}): Promise<void> {
    this.#database.close();
    this.#database = this.#open();
    this.options = { ...this.options, ...options };
    this.engine = new ContainerEngine(this.#deps(), this.#options());
    await this.engine.life.start();
    await turns();
  }

  /** Actions of the events of one container, or of all. */
  actions(id?: string): string[] {
    return this.events.filter(({ actor }) => id === undefined || actor.id === id).map(({ action }) => action);
  }

  [Symbol.dispose](): void {
    this.#database.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  #options(): ContainerOptions {
    return {
      dataRoot: join(this.root, 'data'),
      execRoot: join(this.root, 'exec'),
      runtimes: new Map([['crun', RUNTIME]]),
      defaultRuntime: 'crun',
      platform: { os: 'linux', architecture: 'amd64' },
      defaultUlimits: [],
      defaultShmSizeBytes: 64 << 20,
      defaultIpcMode: 'private',
      defaultStopTimeoutSeconds: 10,
      cgroupParent: '/hoy',
      init: false,
      noNewPrivileges: false,
      defaultSeccompProfile: 'builtin',
      dns: { servers: [], options: [], search: [] },
      hostGatewayIps: [],
      liveRestore: true,
      shutdownTimeoutSeconds: 15,
      ...this.options,
    };
  }

  #deps(): ContainerDeps {
    return {
      database: this.#database,
      clock: this.clock,
      logger: silentLogger,
      events: { emit: (event) => void this.events.push(event) },
      images: this.#images(),
      snapshots: this.#snapshots(),
      shims: this.shims,
      operations: this.#operations(),
      host: HOST,
    };
  }

  #images(): ImageResolver {
    return {
      resolve: async (ref) => {
        if (!ref.startsWith('busybox') && !ref.startsWith('sha256:1')) throw notFound(`No such image: ${ref}`);
        const manifest = {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: 'sha256:manifest',
          sizeBytes: 9,
        };
        return { image: testImage(this.imageConfig), manifest, chainId: 'sha256:chain' };
      },
      byId: async () => testImage(this.imageConfig),
    };
  }

  #snapshots(): SnapshotStore {
    const path = (id: string): string => join(this.root, 'rootfs', id);
    return {
      driver: 'overlay2',
      create: async (id) => {
        if (this.snapshotFailure) throw this.snapshotFailure;
        mkdirSync(path(id), { recursive: true });
        this.snapshots.set(id, 'unmounted');
      },
      mount: async (id) => {
        this.snapshots.set(id, 'mounted');
        return path(id);
      },
      unmount: async (id) => void (this.snapshots.has(id) && this.snapshots.set(id, 'unmounted')),
      remove: async (id) => {
        this.snapshots.delete(id);
        rmSync(path(id), { recursive: true, force: true });
      },
      changes: async () => [],
      usage: async () => 10,
      directories: () => ({}),
      list: async () => [...this.snapshots.keys()],
    };
  }

  /** What making a snapshot is refused with. */
  snapshotFailure: Error | undefined;

  #operations(): RuntimeOperations {
    const call = async (name: string): Promise<void> => void this.runtimeCalls.push(name);
    return {
      expectStart: () => {},
      signal: (pid, signal) => {
        this.signals.push({ pid, signal });
        if (this.diesOf(signal)) this.shims.byPid.get(pid)?.end(128 + signal, { signal });
        return this.shims.byPid.has(pid);
      },
      pause: () => call('pause'),
      resume: () => call('resume'),
      isPaused: async () => this.runtimeCalls.at(-1) === 'pause',
      update: (_container, resources) => call(`update ${resources.memoryBytes}`),
      pids: async () => [],
      killAll: () => call('killAll'),
      stats: async () => {
        throw new Error('not in this test');
      },
      oomFiles: () => [],
      remove: ({ id }) => call(`remove ${id}`),
    };
  }
}
