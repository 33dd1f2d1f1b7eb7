// SPDX-License-Identifier: Apache-2.0

import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { EngineEvent, Filters } from '#model/event.ts';
import type { SystemInfo } from '#model/system.ts';
import type { OciRuntimes } from '#runtime/oci-runtimes.ts';
import type { HostFacts, OciRuntime } from '#runtime/types.ts';
import { featuresOf, featureWarnings, isForwardingIpv4, securityOptions } from '#system/features.ts';
import { describeHost } from '#system/host-description.ts';
import { storageStatus } from '#system/storage-status.ts';

export interface EventQuery {
  since?: { nano: bigint };
  until?: { nano: bigint };
  filters: Filters;
  signal: AbortSignal;
}

export interface ContainerCounts {
  total: number;
  running: number;
  paused: number;
  stopped: number;
}

/** What the engine was told; read anew for every answer, because a reload may change it. */
export interface SystemSettings {
  dataRoot: string;
  loggingDriver: string;
  initBinary: string;
  labels: string[];
  liveRestore: boolean;
  debug: boolean;
  experimental: boolean;
  /** `''`: the built-in one. */
  seccompProfile: string;
  noNewPrivileges: boolean;
  /** `''`: private on cgroup v2, host on v1. */
  cgroupnsMode: '' | 'private' | 'host';
  registry: { insecure: string[]; mirrors: string[] };
}

/** What is looked at of the other parts. `I` and `C` are an image and a container as those parts show them. */
export interface SystemDeps<I, C> {
  /** Of this data root, the same at every start. */
  id: string;
  build: { version: string; gitCommit: string; builtAt: string };
  settings: () => SystemSettings;
  host: HostFacts;
  runtimes: Pick<OciRuntimes, 'working' | 'default'>;
  events: { events(query: EventQuery): AsyncIterable<EngineEvent>; readonly listenerCount: number };
  snapshots: { readonly driver: string };
  containers: {
    counts(): ContainerCounts;
    list(options: { all: boolean; limit: number; size: boolean; filters: Filters }): Promise<C[]>;
  };
  images: {
    count(): number;
    layersSizeBytes(): number;
    list(options: {
      all: boolean;
      filters: Filters;
      sharedSize: boolean;
      digests: boolean;
      manifests: boolean;
    }): Promise<I[]>;
  };
}

export interface SystemOptions {
  /** Drivers that containers can be given. */
  logDrivers?: string[];
  networkDrivers?: string[];
  volumeDrivers?: string[];
}

type DiskUsageType = 'container' | 'image' | 'volume' | 'build-cache';

/** What is true of this engine and its host, what happens in it, and what it takes of the disk. */
export class SystemService<I, C> {
  readonly #deps: SystemDeps<I, C>;
  readonly #drivers: Required<SystemOptions>;
  readonly #startedAt = new Date();
  readonly #host = describeHost();

  constructor(deps: SystemDeps<I, C>, options: SystemOptions = {}) {
    this.#deps = deps;
    this.#drivers = {
      logDrivers: ['json-file', 'local'],
      networkDrivers: ['host', 'null'],
      volumeDrivers: [],
      ...options,
    };
  }

  async info(): Promise<SystemInfo> {
    const { id, build, events, runtimes } = this.#deps;
    const fileDescriptors = (await readdir('/proc/self/fd')).length;
    return {
      id,
      name: hostname(),
      ...build,
      startedAt: this.#startedAt,
      ...this.#contents(),
      ...this.#drivers,
      ...this.#configuration(),
      ...this.#hostInfo(),
      runtimes: Object.fromEntries([...runtimes.working].map(([name, runtime]) => [name, describeRuntime(runtime)])),
      defaultRuntime: runtimes.default.name,
      runtimeVersion: runtimeVersion(runtimes.default),
      eventListeners: events.listenerCount,
      fileDescriptors,
    };
  }

  #contents() {
    const { containers, images, snapshots, settings } = this.#deps;
    return {
      containers: containers.counts(),
      images: images.count(),
      storageDriver: snapshots.driver,
      storageStatus: storageStatus(snapshots.driver, settings().dataRoot),
    };
  }

  #configuration() {
    const { dataRoot, loggingDriver, initBinary, labels, liveRestore, debug, experimental, registry } =
      this.#deps.settings();
    return { dataRoot, loggingDriver, initBinary, labels, liveRestore, debug, experimental, registry };
  }

  #hostInfo() {
    const { host, settings } = this.#deps;
    const features = featuresOf(host, isForwardingIpv4());
    return {
      host: this.#host,
      cgroup: { driver: 'cgroupfs' as const, version: host.cgroupVersion },
      features,
      securityOptions: securityOptions(host, settings()),
      warnings: featureWarnings(features, host),
    };
  }

  events(query: EventQuery): AsyncIterable<EngineEvent> {
    return this.#deps.events.events(query);
  }

  /** Only what was asked for is looked at: sizes of containers mean walking through their files. */
  async diskUsage({ types }: { types: ReadonlySet<DiskUsageType>; verbose: boolean }): Promise<{
    images: I[];
    layersSizeBytes: number;
    containers: C[];
  }> {
    const { containers, images } = this.#deps;
    const filters: Filters = new Map();
    const [foundImages, foundContainers] = await Promise.all([
      types.has('image')
        ? images.list({ all: false, filters, sharedSize: true, digests: false, manifests: false })
        : [],
      types.has('container') ? containers.list({ all: true, limit: 0, size: true, filters }) : [],
    ]);
    const layersSizeBytes = types.has('image') ? images.layersSizeBytes() : 0;
    return { images: foundImages, layersSizeBytes, containers: foundContainers };
  }
}

const describeRuntime = ({ path, args, version }: OciRuntime): { path: string; args: string[]; version: string } => ({
  path,
  args: [...args],
  version,
});

/** `crun version 1.8.1`, `runc version 1.1.5+ds1`: the first line that a runtime says of itself. */
function runtimeVersion({ name, version }: OciRuntime): { name: string; version: string; commit: string } {
  const number = /version:? (\S+)/.exec(version)?.[1] ?? version;
  return { name, version: number, commit: number };
}
