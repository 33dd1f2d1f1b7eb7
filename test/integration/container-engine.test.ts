// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { containerConfig, hostConfig } from '#container/container-testing.ts';
import { ContainerEngine } from '#container/engine.ts';
import { containerSchema } from '#container/store.ts';
import { BlobStore } from '#content/blob-store.ts';
import { systemClock } from '#core/clock.ts';
import { openDatabase } from '#core/database.ts';
import { silentLogger } from '#core/logger.ts';
import { startAll } from '#core/startable.ts';
import { installed } from '#daemon/installation.ts';
import { imageSchema } from '#image/schema.ts';
import { ImageService } from '#image/service.ts';
import { DirectoryLayerStore } from '#layer/layer-store.ts';
import { layerSchema } from '#layer/schema.ts';
import { OverlaySnapshotStore } from '#layer/snapshot-store.ts';
import { WorkerPool } from '#layer/worker-pool.ts';
import { readCgroupLayout } from '#linux/cgroup.ts';
import type { ContainerConfig, HostConfig } from '#model/container.ts';
import type { NewEvent } from '#model/event.ts';
import { hostPlatform } from '#oci/platform.ts';
import { CgroupOperations } from '#runtime/cgroup-operations.ts';
import { readHostFacts } from '#runtime/host-facts.ts';
import { findOciRuntimes } from '#runtime/oci-runtimes.ts';
import { HoyShimLauncher } from '#runtime/shim-launcher.ts';
import { cgroupsOf, mountsUnder } from '#test/support/leaks.ts';
import { waitUntil } from '#test/support/wait.ts';

const IMAGE = 'hoy/busybox';
const forever = new AbortController().signal;

/** The container engine with the real parts around it: shim, OCI runtime, overlayfs, control groups, images. */
class RealEngine implements AsyncDisposable {
  readonly root: string;
  readonly events: NewEvent[] = [];
  readonly ids = new Set<string>();
  containers!: ContainerEngine;
  #shims!: HoyShimLauncher;
  #parts!: AsyncDisposable;

  constructor() {
    this.root = mkdtempSync('/var/tmp/hoy-engine-');
  }

  async open(): Promise<void> {
    await using held = new AsyncDisposableStack();
    const at = (name: string): string => join(this.root, 'data', name);
    for (const name of ['layers', 'snapshots', 'runtimes']) mkdirSync(at(name), { recursive: true });
    const logger = silentLogger;
    const database = openDatabase(at('db'), [layerSchema, imageSchema, containerSchema]);
    held.defer(() => database.close());
    const layout = readCgroupLayout();
    const host = readHostFacts(layout);
    const runtimes = await findOciRuntimes({ layout, host, logger }, { directory: at('runtimes') });
    const content = new BlobStore(at('images'));
    const pool = held.use(new WorkerPool());
    const layers = new DirectoryLayerStore(at('layers'), { database, content, pool, logger });
    const snapshots = new OverlaySnapshotStore(at('snapshots'), { database, layers, pool, logger });
    const events = { emit: (event: NewEvent) => void this.events.push(event) };
    const users = { usersOf: (id: string) => this.containers.usersOf(id) };
    const clock = systemClock;
    const platform = hostPlatform();
    const shared = { database, content, layers, pool, events, users, logger, clock };
    const images = new ImageService({ ...shared, hostPlatform: platform });
    this.#shims = new HoyShimLauncher({ shimPath: installed.shim });
    held.defer(() => this.#shims.disconnect());
    const operations = new CgroupOperations({ layout, host });
    this.containers = new ContainerEngine(
      { database, clock, logger, events, images, snapshots, shims: this.#shims, operations, host },
      {
        dataRoot: join(this.root, 'data'),
        execRoot: join(this.root, 'exec'),
        runtimes: runtimes.working,
        defaultRuntime: runtimes.default.name,
        platform,
        defaultUlimits: [],
        defaultShmSizeBytes: 64 << 20,
        defaultIpcMode: 'private',
        defaultStopTimeoutSeconds: 10,
        cgroupParent: `/hoy-test-${process.pid}`,
        init: false,
        initPath: installed.init,
        noNewPrivileges: false,
        defaultSeccompProfile: 'builtin',
        dns: { servers: [], options: [], search: [] },
        hostGatewayIps: [],
        liveRestore: true,
        shutdownTimeoutSeconds: 15,
      },
    );
    await content.start();
    held.use(await startAll([layers, snapshots, images, this.containers.life]));
    if (!(await images.resolve(IMAGE).catch(() => undefined))) {
      const options = { platforms: [], quiet: true, signal: forever };
      for await (const _progress of images.load(createReadStream(installed.busyboxImage), options));
    }
    this.#parts = held.move();
  }

  /** The engine goes away and comes again; containers are left alone. */
  async reopen(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
    await meanwhile();
    await this.open();
  }

  async create(cmd: string[], host: Partial<HostConfig> = {}, config: Partial<ContainerConfig> = {}): Promise<string> {
    const wish = { image: IMAGE, cmd, ...config };
    const request = { name: '', config: containerConfig(wish), hostConfig: hostConfig(host), networks: {} };
    const { id } = await this.containers.create(request);
    this.ids.add(id);
    return id;
  }

  async start(cmd: string[], host: Partial<HostConfig> = {}, config: Partial<ContainerConfig> = {}): Promise<string> {
    const id = await this.create(cmd, host, config);
    await this.containers.start(id, {});
    return id;
  }

  /** To its end, and its removal. */
  async run(cmd: string[], host: Partial<HostConfig> = {}): Promise<number> {
    const id = await this.create(cmd, { autoRemove: true, ...host });
    const { result } = await this.containers.wait(id, 'removed', forever);
    await this.containers.start(id, {});
    return (await result).exitCode;
  }

  async output(id: string): Promise<string> {
    const options = { stdout: true, stderr: true, follow: true, timestamps: false, details: false, tail: -1 };
    const { stream } = await this.containers.logs(id, { ...options, signal: forever });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return unframed(Buffer.concat(chunks));
  }

  async remove(id: string): Promise<void> {
    await this.containers.remove(id, { force: true, volumes: true, link: false });
  }

  async state(id: string) {
    return (await this.containers.inspect(id, { size: false })).record.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { record } of await this.containers.list({ all: true, limit: 0, size: false, filters: new Map() })) {
      await this.remove(record.id);
    }
    await this.#parts[Symbol.asyncDispose]();
    removeCgroups(`hoy-test-${process.pid}`);
    rmSync(this.root, { recursive: true });
  }
}

function removeCgroups(name: string): void {
  for (const path of cgroupsOf([name])) rmdirSync(path);
}

function unframed(framed: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at < framed.length; ) {
    const size = framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts).toString();
}

describe('the container engine with a real shim, runtime and file system', () => {
  const engine = new RealEngine();
  before(() => engine.open());
  after(() => engine[Symbol.asyncDispose]());

  test('fifty containers at once all run, and nothing of them is left', async () => {
    const codes = await Promise.all(Array.from({ length: 50 }, (_, n) => engine.run(['sh', '-c', `exit ${n}`])));
    assert.deepEqual(
      codes,
      Array.from({ length: 50 }, (_, n) => n),
    );
    await waitUntil(
      'groups and mounts are gone',
      () => cgroupsOf(engine.ids).length === 0 && mountsUnder(engine.root).length === 0,
    );
    await waitUntil('the shims are gone', () => readdirSync(join(engine.root, 'exec/shims')).length === 0);
  });

  test('what a container writes while the engine is away is in its log, and its end is known', async () => {
    const script = 'for i in $(seq 1 40); do echo line $i; sleep 0.02; done; exit 9';
    const id = await engine.start(['sh', '-c', script]);
    await engine.reopen(() => new Promise((resolve) => setTimeout(resolve, 1500)));
    await waitUntil('it has ended', async () => (await engine.state(id)).status === 'exited');
    const state = await engine.state(id);
    assert.equal(state.status === 'exited' && state.exitCode, 9);
    const lines = Array.from({ length: 40 }, (_, n) => `line ${n + 1}\n`);
    assert.equal(await engine.output(id), lines.join(''));
  });

  test('a container goes on while the engine is away, and is stopped by the next one', async () => {
    const id = await engine.start(['sleep', '1000'], {}, { stopTimeoutSeconds: 0 });
    const before = await engine.state(id);
    await engine.reopen();
    assert.deepEqual(await engine.state(id), before);
    await engine.containers.stop(id, {});
    const state = await engine.state(id);
    assert.equal(state.status === 'exited' && state.exitCode, 137);
  });

  test('a command that doesn’t exist leaves a container with Docker’s code and no trace of a run', async () => {
    const id = await engine.create(['nosuch']);
    await assert.rejects(engine.containers.start(id, {}), { exitCode: 127, message: /executable file not found/ });
    assert.deepEqual([(await engine.state(id)).status, cgroupsOf([id])], ['created', []]);
    assert.ok(!mountsUnder(engine.root).some((path) => path.includes(id)));
  });

  test('memory that runs out is told as such', async () => {
    const id = await engine.start(['sh', '-c', 'x=a; while true; do x=$x$x; done'], { memoryBytes: 20 << 20 });
    await (await engine.containers.wait(id, 'not-running', forever)).result;
    const state = await engine.state(id);
    assert.ok(state.status === 'exited' && state.oomKilled);
    assert.ok(engine.events.some(({ action, actor }) => action === 'oom' && actor.id === id));
  });

  test('a container shares what another one lends', async () => {
    const donor = await engine.start(['sleep', '1000'], { ipcMode: 'shareable' }, { hostname: 'lender' });
    const modes = { networkMode: `container:${donor}`, ipcMode: `container:${donor}`, pidMode: `container:${donor}` };
    const look = 'for kind in net ipc pid; do readlink /proc/self/ns/$kind; done; hostname; touch /dev/shm/mark';
    const borrower = await engine.start(['sh', '-c', look], modes);
    const state = await engine.state(donor);
    const pid = state.status === 'running' ? state.pid : 0;
    const [net, ipc, own, hostname] = (await engine.output(borrower)).trimEnd().split('\n');
    const lent = ['net', 'ipc', 'pid'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
    assert.deepEqual([net, ipc, own, hostname], [...lent, 'lender']);
    assert.ok(readdirSync(join(engine.root, 'exec/bundles', donor, 'shm')).includes('mark'));
    await engine.remove(donor);
  });

  test('the processes of a container on the host’s process namespace end with it', async () => {
    const id = await engine.start(['sh', '-c', 'sleep 1000 & sleep 1000'], { pidMode: 'host' });
    const beginning = Date.now();
    await engine.remove(id);
    assert.ok(Date.now() - beginning < 1500, 'nobody waits for output of processes that are killed too');
    await waitUntil('its group is gone', () => cgroupsOf([id]).length === 0);
  });

  test('an unhealthy container says so, with what the probe wrote', async () => {
    const healthcheck = { test: ['CMD-SHELL', 'echo ill; exit 1'], intervalMs: 100, retries: 1 };
    const id = await engine.start(['sleep', '1000'], {}, { healthcheck });
    const health = async () => (await engine.containers.inspect(id, { size: false })).record.health;
    await waitUntil('it is unhealthy', async () => (await health())?.status === 'unhealthy');
    assert.equal((await health())?.log[0]?.output, 'ill\n');
    await engine.remove(id);
  });

  test('a policy brings a container back until it has had enough', async () => {
    const restartPolicy = { name: 'on-failure', maximumRetryCount: 2, onUnhealthy: false } as const;
    const id = await engine.start(['sh', '-c', 'echo run; exit 1'], { restartPolicy });
    await waitUntil('it has ended', async () => (await engine.state(id)).status === 'exited');
    assert.equal(await engine.output(id), 'run\nrun\nrun\n');
    assert.equal((await engine.containers.inspect(id, { size: false })).record.restartCount, 2);
  });

  test('a source that may be made is made, one that must be there is demanded', async () => {
    const source = join(engine.root, 'made');
    const bind = { type: 'bind', target: '/m', readOnly: false, propagation: 'rprivate' } as const;
    const more = { nonRecursive: false, readOnlyNonRecursive: false, readOnlyForceRecursive: false } as const;
    const made = { ...bind, ...more, source, createSource: true, form: 'bind-string' } as const;
    assert.equal(await engine.run(['sh', '-c', 'echo in > /m/file'], { mounts: [made] }), 0);
    assert.equal(readFileSync(join(source, 'file'), 'utf8'), 'in\n');
    const missing = { ...made, source: join(engine.root, 'none'), createSource: false, form: 'mount' } as const;
    await assert.rejects(engine.create(['true'], { mounts: [missing] }), {
      code: 'invalid-parameter',
      message: /bind source path does not exist/,
    });
  });
});
