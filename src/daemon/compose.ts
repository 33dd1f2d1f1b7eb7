// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { EngineBackend } from '#api/backend.ts';
import { ApiServer } from '#api/server.ts';
import type { ContainerOptions } from '#container/deps.ts';
import { ContainerEngine } from '#container/engine.ts';
import { containerSchema } from '#container/store.ts';
import { BlobStore } from '#content/blob-store.ts';
import { systemClock } from '#core/clock.ts';
import { openDatabase, reserveSpace } from '#core/database.ts';
import type { Logger } from '#core/logger.ts';
import { startAll } from '#core/startable.ts';
import { buildInfo } from '#daemon/build-info.ts';
import { loadBuiltInImage } from '#daemon/built-in-image.ts';
import type { DaemonConfig } from '#daemon/config/config.ts';
import { engineId } from '#daemon/engine-id.ts';
import { installed } from '#daemon/installation.ts';
import { EventLog } from '#event/log.ts';
import { eventSchema } from '#event/schema.ts';
import { imageSchema } from '#image/schema.ts';
import { ImageService } from '#image/service.ts';
import { DirectoryLayerStore } from '#layer/layer-store.ts';
import { layerSchema } from '#layer/schema.ts';
import { OverlaySnapshotStore } from '#layer/snapshot-store.ts';
import { WorkerPool } from '#layer/worker-pool.ts';
import { readCgroupLayout } from '#linux/cgroup.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { ImageView } from '#model/image.ts';
import { hostPlatform } from '#oci/platform.ts';
import { CgroupOperations } from '#runtime/cgroup-operations.ts';
import { readHostFacts } from '#runtime/host-facts.ts';
import { findOciRuntimes, type OciRuntimes } from '#runtime/oci-runtimes.ts';
import { HoyShimLauncher } from '#runtime/shim-launcher.ts';
import { SystemService, type SystemSettings } from '#system/service.ts';

const RESERVE_AFTER_MS = 2_000;

/** A whole engine that is started and restored, and answers nobody yet. Disposing stops it; containers may go on. */
export interface Engine extends AsyncDisposable {
  api: ApiServer;
  /** Takes over what has changed in the configuration that the engine was made with, as far as a running engine can. */
  reconfigure(): Promise<void>;
}

/** The only place that says `new` for parts that live as long as the engine; in the order in which one needs the other. */
export async function composeEngine(config: DaemonConfig, logger: Logger): Promise<Engine> {
  await using held = new AsyncDisposableStack();
  const at = (name: string): string => join(config.dataRoot, name);
  for (const name of ['containers', 'layers', 'snapshots', 'runtimes'])
    mkdirSync(at(name), { recursive: true, mode: 0o710 });

  const database = openDatabase(at('hoy.db'), [layerSchema, imageSchema, containerSchema, eventSchema]);
  held.defer(() => database.close());
  const layout = readCgroupLayout();
  const host = readHostFacts(layout);
  const findRuntimes = () =>
    findOciRuntimes(
      { layout, host, logger },
      {
        directory: at('runtimes'),
        configured: config.runtimes,
        ...(config.defaultRuntime && { defaultName: config.defaultRuntime }),
      },
    );
  const id = engineId(at('engine-id'));
  let runtimes = await findRuntimes();

  const events = new EventLog({ database, clock: systemClock, logger });
  const content = new BlobStore(at('images'));
  const pool = held.use(new WorkerPool());
  const layers = new DirectoryLayerStore(at('layers'), { database, content, pool, logger });
  const snapshots = new OverlaySnapshotStore(
    at('snapshots'),
    { database, layers, pool, logger },
    config.storageDriver === '' ? {} : { driver: config.storageDriver },
  );
  const images = new ImageService({
    database,
    content,
    layers,
    pool,
    events,
    users: { usersOf: (imageId) => containers.usersOf(imageId) },
    logger,
    clock: systemClock,
    hostPlatform: hostPlatform(),
  });
  const options = containerOptions(config, selection(runtimes));
  const containers = new ContainerEngine(
    {
      database,
      clock: systemClock,
      logger,
      events,
      images,
      snapshots,
      shims: new HoyShimLauncher({ shimPath: installed.shim }),
      operations: new CgroupOperations({ layout, host }),
      host,
    },
    options,
  );
  const system = new SystemService<ImageView, ContainerView>({
    id,
    build: buildInfo,
    settings: () => systemSettings(config),
    host,
    runtimes: {
      get working() {
        return runtimes.working;
      },
      get default() {
        return runtimes.default;
      },
    },
    events,
    snapshots,
    containers,
    images,
  });
  const backend: EngineBackend = { containers, execs: containers.execs, images, system };
  const api = new ApiServer(
    { backend, logger },
    {
      engineVersion: buildInfo.version,
      experimental: config.experimental,
      defaultLog: { driver: config.logDriver, options: config.logOptions },
    },
  );

  await content.start();
  held.use(await startAll([events, layers, snapshots, images, containers.life]));
  await loadBuiltInImage(installed.busyboxImage, at('built-in-image'), { images, logger });
  held.use(reserveLater(database, logger));
  const parts = held.move();
  return {
    api,
    async reconfigure() {
      runtimes = await findRuntimes();
      const { liveRestore, shutdownTimeoutSeconds } = config;
      Object.assign(options, { liveRestore, shutdownTimeoutSeconds, ...selection(runtimes) });
      events.emit({ type: 'daemon', action: 'reload', actor: { id, attributes: { name: hostname() } } });
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Nobody waits for it, and nothing but comfort on a full disk depends on it. */
function reserveLater(database: DatabaseSync, logger: Logger): Disposable {
  return systemClock.after(RESERVE_AFTER_MS, () => {
    try {
      reserveSpace(database);
    } catch (error) {
      logger.warn({ err: error }, 'no space could be reserved for the database');
    }
  });
}

const selection = (runtimes: OciRuntimes): Pick<ContainerOptions, 'runtimes' | 'defaultRuntime'> => ({
  runtimes: runtimes.working,
  defaultRuntime: runtimes.default.name,
});

function containerOptions(
  config: DaemonConfig,
  runtime: Pick<ContainerOptions, 'runtimes' | 'defaultRuntime'>,
): ContainerOptions {
  return {
    ...runtime,
    dataRoot: config.dataRoot,
    execRoot: config.execRoot,
    platform: hostPlatform(),
    defaultUlimits: Object.values(config.defaultUlimits),
    defaultShmSizeBytes: config.defaultShmSizeBytes,
    defaultIpcMode: config.defaultIpcMode,
    ...(config.defaultCgroupnsMode !== '' && { defaultCgroupnsMode: config.defaultCgroupnsMode }),
    defaultStopTimeoutSeconds: config.defaultStopTimeoutSeconds,
    cgroupParent: config.cgroupParent || '/hoy',
    init: config.init,
    initPath: config.initPath || installed.init,
    noNewPrivileges: config.noNewPrivileges,
    defaultSeccompProfile: seccompProfile(config.seccompProfile),
    dns: { servers: config.dns, options: config.dnsOptions, search: config.dnsSearch },
    hostGatewayIps: config.hostGatewayIps,
    liveRestore: config.liveRestore,
    shutdownTimeoutSeconds: config.shutdownTimeoutSeconds,
  };
}

/** The profile itself, so that a container keeps what it was made with. */
function seccompProfile(given: string): string {
  if (given === 'builtin' || given === 'unconfined') return given;
  try {
    return readFileSync(given, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`opening seccomp profile (${given}) failed: ${reason}`, { cause: error });
  }
}

function systemSettings(config: DaemonConfig): SystemSettings {
  return {
    dataRoot: config.dataRoot,
    loggingDriver: config.logDriver,
    initBinary: 'hoy-init',
    labels: config.labels,
    liveRestore: config.liveRestore,
    debug: config.debug,
    experimental: config.experimental,
    seccompProfile: config.seccompProfile === 'builtin' ? '' : config.seccompProfile,
    noNewPrivileges: config.noNewPrivileges,
    cgroupnsMode: config.defaultCgroupnsMode,
    registry: { insecure: config.insecureRegistries, mirrors: config.registryMirrors },
  };
}
