// SPDX-License-Identifier: Apache-2.0
import { checkConfig, settleConfig } from '#container/config-check.ts';
import { commandLine, mergeConfig } from '#container/config-merge.ts';
import type { ContainerContext } from '#container/context.ts';
import { completeHostConfig } from '#container/host-config.ts';
import type { Launcher } from '#container/launcher.ts';
import { parseLogOptions } from '#container/log-options.ts';
import { checkContainerName, randomName } from '#container/names.ts';
import { checkEndpoints, chooseNetwork } from '#container/network-mode.ts';
import type { Remover } from '#container/remover.ts';
import { initialState } from '#container/state.ts';
import { newId } from '#core/ids.ts';
import type { ContainerConfig, ContainerRecord, EndpointSettings, HostConfig } from '#model/container.ts';
import type { Image, Platform } from '#model/image.ts';
import { checkAnnotations } from '#runtime/annotations.ts';
import { hostWarnings } from '#runtime/host-warnings.ts';
import { containerApparmorProfile } from '#runtime/spec/process.ts';
import { parseSecurityOptions } from '#runtime/spec/security-options.ts';
import { validateHostConfig } from '#runtime/validate.ts';

export interface CreateRequest {
  /** Without a leading slash; `''` lets the engine choose. */
  name: string;
  config: ContainerConfig;
  hostConfig: HostConfig;
  networks: Record<string, EndpointSettings>;
  platform?: Platform;
}

/** `undefined` for a container without an image, which starts from nothing. */
type ResolvedImage = Awaited<ReturnType<ContainerContext['deps']['images']['resolve']>> | undefined;

/** Makes containers: everything is checked first, and what was made is taken back when a later step fails. */
export class Creator {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;
  readonly #remover: Remover;

  constructor(context: ContainerContext, launcher: Launcher, remover: Remover) {
    this.#context = context;
    this.#launcher = launcher;
    this.#remover = remover;
  }

  async create(request: CreateRequest): Promise<{ id: string; warnings: string[] }> {
    this.#context.deps.operations.expectStart();
    const hostConfig = this.#checkedHostConfig(request);
    checkEndpoints(request.networks);
    const network = chooseNetwork(hostConfig, (ref) => this.#context.store.find(ref));
    const image = request.config.image === '' ? undefined : await this.#resolve(request);
    const config = mergeConfig(request.config, image?.image.config);
    const record = this.#record(request, { config, image, hostConfig: { ...hostConfig, ...network.hostConfig } });
    record.networks = network.networks;
    await this.#make(record, image?.chainId);
    const warnings = [
      ...hostWarnings(hostConfig, this.#context.deps.host),
      ...platformWarnings(request, image?.image, this.#context.options.platform),
      ...volumeWarnings(record),
      ...network.warnings,
    ];
    return { id: record.id, warnings };
  }

  #checkedHostConfig({ name, config, hostConfig }: CreateRequest): HostConfig {
    const { options, deps, store } = this.#context;
    if (name !== '') checkContainerName(name);
    checkConfig(config);
    checkAnnotations(hostConfig);
    const completed = completeHostConfig(hostConfig, {
      options,
      host: deps.host,
      find: (ref) => store.find(ref),
    });
    validateHostConfig(config, completed, deps.host);
    parseLogOptions(completed.logConfig);
    this.#launcher.runtime(completed.runtime);
    return completed;
  }

  #resolve({ config, platform }: CreateRequest): Promise<NonNullable<ResolvedImage>> {
    return this.#context.deps.images.resolve(config.image, platform);
  }

  #record(
    { name }: CreateRequest,
    parts: { config: ContainerConfig; hostConfig: HostConfig; image: ResolvedImage },
  ): ContainerRecord {
    const { deps, options, paths, store } = this.#context;
    const { hostConfig, image } = parts;
    const id = newId();
    const { os, architecture, variant } = image?.image.platform ?? options.platform;
    const security = parseSecurityOptions(hostConfig.securityOpt);
    return {
      id,
      name: name || randomName((taken) => store.isNameTaken(taken)),
      createdAt: deps.clock.now(),
      imageId: image?.image.id ?? '',
      ...(image?.manifest && { imageManifest: image.manifest }),
      platform: { os, architecture, ...(variant && { variant }) },
      config: settleConfig(parts.config, hostConfig, id),
      hostConfig,
      ...commandLine(parts.config),
      state: initialState,
      restartCount: 0,
      hasBeenManuallyStopped: false,
      networks: {},
      logPath: hostConfig.logConfig.driver === 'none' ? '' : paths.log(id),
      apparmorProfile: containerApparmorProfile(hostConfig.privileged, security, deps.host) ?? '',
    };
  }

  /** The name is the container's from the first moment; two that ask for the same one at once don't both get it. */
  async #make(record: ContainerRecord, parent: string | undefined): Promise<void> {
    const { deps, store, announcer } = this.#context;
    using _name = store.reserveName(record.name, record.id);
    try {
      const { storageOpt: storageOptions } = record.hostConfig;
      await deps.snapshots.create(record.id, { storageOptions, ...(parent && { parent }) });
      // One that removes itself is of no use after the machine went down: nobody has to wait for the disk.
      store.insert(record, record.hostConfig.autoRemove ? 'crash' : 'power-loss');
    } catch (error) {
      await this.#remover.removeFiles(record.id).catch((err: unknown) => {
        deps.logger.warn({ err, id: record.id }, 'a container that could not be made left files behind');
      });
      throw error;
    }
    announcer.container(record, 'create');
  }
}

function platformWarnings({ platform }: CreateRequest, image: Image | undefined, host: Platform): string[] {
  if (platform || !image) return [];
  const { os, architecture } = image.platform;
  if (os === host.os && architecture === host.architecture) return [];
  return [
    `The requested image's platform (${formatPlatform(image.platform)}) does not match the detected host platform ` +
      `(${formatPlatform(host)}) and no specific platform was requested`,
  ];
}

const formatPlatform = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, variant].filter(Boolean).join('/');

/** Paths that something is mounted on are the mount's. */
function volumeWarnings({ config, hostConfig }: ContainerRecord): string[] {
  const mounted = new Set(hostConfig.mounts.map(({ target }) => target));
  const volumes = config.volumes.filter((path) => !mounted.has(path));
  if (volumes.length === 0) return [];
  return [
    `Volumes are not available: ${volumes.join(', ')} is kept in the container's own layer and removed together with it.`,
  ];
}
