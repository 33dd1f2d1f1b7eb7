// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ContainerContext } from '#container/context.ts';
import { processEnvironment } from '#container/environment.ts';
import { writeHostFiles } from '#container/host-files.ts';
import type { PendingAttachment } from '#container/instance.ts';
import { unmountIfMounted } from '#container/leftovers.ts';
import { parseLogOptions } from '#container/log-options.ts';
import { prepareBindSources } from '#container/mount-requests.ts';
import { joinedContainer, resolveNamespaces, shmSource } from '#container/namespaces.ts';
import { lookupUser } from '#container/user-lookup.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, mount } from '#linux/mount.ts';
import type { ContainerConfig, ContainerRecord, HostConfig } from '#model/container.ts';
import type { RuntimeContainer } from '#runtime/operations.ts';
import { SeccompCache } from '#runtime/seccomp-cache.ts';
import { buildSpec } from '#runtime/spec/build.ts';
import type { ContainerSpec } from '#runtime/spec/oci.ts';
import type { OciRuntime, Shim, ShimLog, SpecInput, StdinMode } from '#runtime/types.ts';

/** Gives a container a process, and takes away again what the process needed. Knows nothing of states. */
export class Launcher {
  readonly #context: ContainerContext;
  readonly #filters = new SeccompCache();

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** Resolves when the process runs. When it can't, everything that was made for it is gone and Docker's words are thrown. */
  async launch(record: ContainerRecord, attachments: readonly PendingAttachment[]): Promise<Shim> {
    this.#context.deps.operations.expectStart();
    await using undo = new AsyncDisposableStack();
    undo.defer(() => this.cleanUp(record));
    const { bundle, spec } = await this.#prepareBundle(record);
    const shim = await this.#context.deps.shims.launch(
      this.#shimLaunch(record, bundle),
      attachments.map(({ client, options }) => ({ client: client.stream, passable: client.passable, options })),
    );
    undo.move();
    void this.#filters.learn(spec, this.runtimeContainer(record));
    return shim;
  }

  /** Removes what a container's last process left: control groups, runtime state, mounts, bundle, shim. Idempotent. */
  async cleanUp(record: ContainerRecord): Promise<void> {
    const { deps, paths } = this.#context;
    const { id } = record;
    await deps.operations.remove(this.runtimeContainer(record));
    await deps.snapshots.unmount(id);
    unmountIfMounted(paths.shm(id));
    await Promise.all([removeTree(paths.shim(id)), removeTree(paths.bundle(id))]);
  }

  /** The container as its OCI runtime knows it. */
  runtimeContainer(record: ContainerRecord): RuntimeContainer {
    const runtime = this.runtime(record.hostConfig.runtime);
    return {
      id: record.id,
      cgroupsPath: cgroupsPath(record, this.#context.options.cgroupParent),
      runtime,
      runtimeRoot: this.#context.paths.runtimeState(runtime.name),
    };
  }

  /** The runtime with this name, `''` for the default one. */
  runtime(name: string): OciRuntime {
    const { runtimes, defaultRuntime } = this.#context.options;
    const runtime = runtimes.get(name || defaultRuntime);
    if (!runtime) throw invalidParameter(`unknown or invalid runtime name: ${name || defaultRuntime}`);
    return runtime;
  }

  async #prepareBundle(record: ContainerRecord): Promise<{ bundle: string; spec: ContainerSpec }> {
    const { deps, paths } = this.#context;
    const find = (ref: string): ContainerRecord => this.#context.store.find(ref);
    const namespaces = resolveNamespaces(record, find);
    const shm = shmSource(record, find, (id) => paths.shm(id));
    await prepareBindSources(record.hostConfig.mounts);
    const bundle = paths.bundle(record.id);
    mkdirSync(bundle, { recursive: true, mode: 0o710 });
    const runtime = this.runtime(record.hostConfig.runtime);
    mkdirSync(paths.runtimeState(runtime.name), { recursive: true, mode: 0o700 });
    if (shm === paths.shm(record.id)) mountShm(shm, record.hostConfig.shmSizeBytes);
    const rootfs = await deps.snapshots.mount(record.id);
    const input = await this.#specInput(record, { rootfs, namespaces, ...(shm && { shmSource: shm }) });
    const spec = buildSpec(input);
    const prepared = this.#filters.prepare(spec, runtime);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(prepared), { mode: 0o600 });
    return { bundle, spec };
  }

  async #specInput(
    record: ContainerRecord,
    place: Pick<SpecInput, 'rootfs' | 'namespaces' | 'shmSource'>,
  ): Promise<SpecInput> {
    const { deps, options, store } = this.#context;
    const config = withSharedHostname(record, (ref) => store.find(ref));
    const hostConfig = this.#withInit(record.hostConfig);
    const user = await lookupUser(place.rootfs, config.user, hostConfig.groupAdd);
    return {
      ...place,
      id: record.id,
      config,
      hostConfig,
      argv: [record.path, ...record.args],
      env: processEnvironment(config, { tty: config.tty, home: user.home }),
      cwd: config.workingDir || '/',
      user,
      files: writeHostFiles(this.#context, record),
      cgroupsPath: cgroupsPath(record, options.cgroupParent),
      ...(hostConfig.init && options.initPath && { initPath: options.initPath }),
      defaultUlimits: options.defaultUlimits,
      host: deps.host,
    };
  }

  #withInit(hostConfig: HostConfig): HostConfig {
    const { init, initPath } = this.#context.options;
    const wanted = hostConfig.init ?? init;
    if (wanted && !initPath)
      throw new EngineError('internal', 'no init binary is installed: containers can\'t use "init"');
    return { ...hostConfig, init: wanted };
  }

  #shimLaunch(record: ContainerRecord, bundle: string): Parameters<ContainerContext['deps']['shims']['launch']>[0] {
    const { paths, deps } = this.#context;
    const { config, hostConfig, id } = record;
    const { runtime, runtimeRoot } = this.runtimeContainer(record);
    const directory = paths.shim(id);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const log = this.#log(record);
    const [rows, columns] = hostConfig.consoleSize;
    return {
      directory,
      process: { kind: 'init', bundle },
      runtime,
      runtimeRoot,
      containerId: id,
      tty: config.tty,
      ...(config.tty && rows > 0 && columns > 0 && { consoleSize: [rows, columns] as [number, number] }),
      stdin: stdinMode(config),
      log,
      oomFiles: deps.operations.oomFiles(cgroupsPath(record, this.#context.options.cgroupParent)),
    };
  }

  #log({ id, hostConfig, logPath }: ContainerRecord): ShimLog {
    if (hostConfig.logConfig.driver === 'none') return { driver: 'none' };
    const { maxSizeBytes, maxFiles } = parseLogOptions(hostConfig.logConfig);
    mkdirSync(this.#context.paths.container(id), { recursive: true, mode: 0o710 });
    return { driver: 'json-file', path: logPath, maxSizeBytes, maxFiles };
  }
}

/** Below every controller's mount point. A parent can't lead out of the hierarchy. */
export const cgroupsPath = ({ id, hostConfig }: ContainerRecord, defaultParent: string): string =>
  posix.join('/', hostConfig.cgroupParent || defaultParent, id);

/** A container in another one's network goes by that one's name. */
function withSharedHostname(record: ContainerRecord, find: (ref: string) => ContainerRecord): ContainerConfig {
  const ref = joinedContainer(record.hostConfig.networkMode);
  if (ref === undefined) return record.config;
  const { hostname, domainname } = withSharedHostname(find(ref), find);
  return { ...record.config, hostname, domainname };
}

function stdinMode(config: ContainerConfig): StdinMode {
  if (!config.openStdin) return 'closed';
  return config.stdinOnce ? 'once' : 'open';
}

function mountShm(path: string, sizeBytes: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  mount('shm', path, 'tmpfs', MS_NOEXEC | MS_NOSUID | MS_NODEV, `mode=1777,size=${sizeBytes}`);
}

const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
