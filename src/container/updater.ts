// SPDX-License-Identifier: Apache-2.0
import type { ContainerContext } from '#container/context.ts';
import { withContext } from '#container/failures.ts';
import type { Instance } from '#container/instance.ts';
import type { Launcher } from '#container/launcher.ts';
import { checkContainerName } from '#container/names.ts';
import { isLive } from '#container/state.ts';
import { conflict, invalidParameter } from '#core/errors.ts';
import type { ContainerRecord, HostConfig, Resources, RestartPolicy } from '#model/container.ts';
import { supportedResources } from '#runtime/host-warnings.ts';
import { NO_LIMITS } from '#runtime/spec/plain.ts';
import { validateRestartPolicy } from '#runtime/validate.ts';
import { validateResources } from '#runtime/validate-resources.ts';

export interface Change {
  resources: Partial<Resources>;
  restartPolicy?: RestartPolicy;
}

/** Changes of a container's definition: its name, its limits, its restart policy. */
export class Updater {
  readonly #context: ContainerContext;
  readonly #launcher: Launcher;

  constructor(context: ContainerContext, launcher: Launcher) {
    this.#context = context;
    this.#launcher = launcher;
  }

  async rename(instance: Instance, text: string): Promise<void> {
    const name = text.trim().replace(/^\//, '');
    if (name === '') throw invalidParameter('Neither old nor new names may be empty');
    await this.#context.lines.run(instance.id, async () => {
      const { store, announcer } = this.#context;
      const before = this.#context.current(instance.id);
      if (before.name === name) {
        throw invalidParameter('Renaming a container with the same name as its current name');
      }
      using _name = this.#reserve(name, instance.id);
      const record = store.saveDefinition(instance.id, (current) => ({ ...current, name }));
      announcer.container(record, 'rename', { oldName: `/${before.name}` });
    });
  }

  #reserve(name: string, id: string): Disposable {
    try {
      checkContainerName(name);
      return this.#context.store.reserveName(name, id);
    } catch (error) {
      throw withContext('Error when allocating new name', error);
    }
  }

  /** Applies new limits to the running container first: what the kernel refuses is not kept. */
  async update(instance: Instance, change: Change): Promise<{ warnings: string[] }> {
    const { host } = this.#context.deps;
    const asked: Resources = { ...NO_LIMITS, ...change.resources };
    validateResources(asked, host, true);
    if (change.restartPolicy) validateRestartPolicy(change.restartPolicy);
    const { resources, warnings } = supportedResources(asked, host);
    await this.#context.lines.run(instance.id, async () => {
      const before = this.#context.current(instance.id);
      try {
        await this.#apply(before, { ...change, resources: changed(resources, change.resources) });
      } catch (error) {
        throw withContext(`Cannot update container ${instance.id}`, error);
      }
    });
    return { warnings };
  }

  async #apply(record: ContainerRecord, change: Change): Promise<void> {
    const { store, deps, announcer } = this.#context;
    const hostConfig = updatedHostConfig(record.hostConfig, change);
    if (isLive(record.state) && Object.keys(change.resources).length > 0) {
      await deps.operations.update(this.#launcher.runtimeContainer(record), { ...NO_LIMITS, ...change.resources });
    }
    const updated = store.saveDefinition(record.id, (current) => ({ ...current, hostConfig }));
    announcer.container(updated, 'update');
  }
}

/** Only what the change mentions, without what says nothing. */
function changed(resources: Resources, mentioned: Partial<Resources>): Partial<Resources> {
  const entries = Object.entries(resources).filter(([key, value]) => key in mentioned && isSet(value));
  return Object.fromEntries(entries) as Partial<Resources>;
}

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

function updatedHostConfig(before: HostConfig, { resources, restartPolicy }: Change): HostConfig {
  checkConflicts(before, resources);
  const updated = { ...before, ...resources };
  if (!restartPolicy) return updated;
  if (before.autoRemove && restartPolicy.name !== 'no') {
    throw conflict('Restart policy cannot be updated because AutoRemove is enabled for the container');
  }
  const onUnhealthy = restartPolicy.onUnhealthy || before.restartPolicy.onUnhealthy;
  return { ...updated, restartPolicy: { ...restartPolicy, onUnhealthy } };
}

/** Processors and the period and quota of the scheduler are two ways to say the same. */
function checkConflicts(before: HostConfig, change: Partial<Resources>): void {
  const { nanoCpus = 0, cpuPeriodUs = 0, cpuQuotaUs = 0, memoryBytes = 0, memorySwapBytes = 0 } = change;
  const conflicts: [boolean, string][] = [
    [nanoCpus > 0 && before.cpuPeriodUs > 0, 'Nano CPUs cannot be updated as CPU Period has already been set'],
    [nanoCpus > 0 && before.cpuQuotaUs > 0, 'Nano CPUs cannot be updated as CPU Quota has already been set'],
    [cpuPeriodUs > 0 && before.nanoCpus > 0, 'CPU Period cannot be updated as NanoCPUs has already been set'],
    [cpuQuotaUs > 0 && before.nanoCpus > 0, 'CPU Quota cannot be updated as NanoCPUs has already been set'],
  ];
  const found = conflicts.find(([isSo]) => isSo);
  if (found) throw conflict(`Conflicting options: ${found[1]}`);
  if (before.memorySwapBytes > 0 && memoryBytes > before.memorySwapBytes && memorySwapBytes === 0) {
    throw conflict(
      'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    );
  }
}
