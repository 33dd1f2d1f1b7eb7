// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';
import type { ContainerContext } from '#container/context.ts';
import type { Execs } from '#container/execs.ts';
import { type ListFilterDeps, type ListOptions, selectContainers } from '#container/list-filters.ts';
import { mountPoints } from '#container/mount-requests.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { ContainerView } from '#model/container-view.ts';

/** What clients get to see of containers. Nothing here waits for anything that changes one. */
export class Views {
  readonly #context: ContainerContext;
  readonly #execs: Execs;

  constructor(context: ContainerContext, execs: Execs) {
    this.#context = context;
    this.#execs = execs;
  }

  async inspect(ref: string, options: { size: boolean }): Promise<ContainerView> {
    return this.#view(this.#context.store.find(ref), { ...options, names: new ImageNames(this.#context) });
  }

  async list(options: ListOptions & { size: boolean }): Promise<ContainerView[]> {
    const candidates = this.#context.store.all().map((record) => ({ record, mounts: mountPoints(record.hostConfig) }));
    const selected = await selectContainers(candidates, options, this.#filterDeps());
    const names = new ImageNames(this.#context);
    return Promise.all(selected.map(({ record }) => this.#view(record, { size: options.size, names })));
  }

  #filterDeps(): ListFilterDeps {
    const { store, deps } = this.#context;
    return {
      findContainer: (ref) => {
        try {
          return store.find(ref);
        } catch {
          return undefined;
        }
      },
      imageIdsFrom: async (ref) => {
        const found = await deps.images.resolve(ref).catch(() => undefined);
        return found ? this.#imagesBuiltOn(found.image) : [];
      },
    };
  }

  /** Of the images that containers were made from: this one, and those that begin with all of its layers. */
  async #imagesBuiltOn(base: { id: string; diffIds: readonly string[] }): Promise<string[]> {
    const inUse = new Set(this.#context.store.all().map(({ imageId }) => imageId));
    const found = [base.id];
    for (const id of inUse) {
      const image = id === '' ? undefined : await this.#context.deps.images.byId(id);
      if (image && base.diffIds.length > 0 && base.diffIds.every((diffId, index) => image.diffIds[index] === diffId)) {
        found.push(id);
      }
    }
    return found;
  }

  async #view(record: ContainerRecord, { size, names }: { size: boolean; names: ImageNames }): Promise<ContainerView> {
    const { deps, paths } = this.#context;
    const bundle = paths.bundle(record.id);
    return {
      record,
      execIds: this.#execs.runningIn(record.id),
      paths: {
        resolvConf: join(bundle, 'resolv.conf'),
        hostname: join(bundle, 'hostname'),
        hosts: join(bundle, 'hosts'),
      },
      // Only inspect shows it: lists of hundreds don't pay for it.
      get graph() {
        return { driver: deps.snapshots.driver, data: deps.snapshots.directories(record.id) };
      },
      ...(size && { size: await this.#size(record) }),
      mounts: mountPoints(record.hostConfig),
      imageShown: await names.shown(record),
    };
  }

  async #size({ id, imageId }: ContainerRecord): Promise<{ rwBytes: number; rootFsBytes: number }> {
    const { snapshots, images } = this.#context.deps;
    // A container may be removed while its files are counted.
    const rwBytes = await snapshots.usage(id).catch(() => 0);
    const image = imageId === '' ? undefined : await images.byId(imageId);
    return { rwBytes, rootFsBytes: rwBytes + (image?.sizeBytes ?? 0) };
  }
}

/** Which image each reference names now; asked once per reference and list. */
class ImageNames {
  readonly #context: ContainerContext;
  readonly #ids = new Map<string, Promise<string | undefined>>();

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** What the caller wrote, if it still names the container's image, else that image's ID. */
  async shown({ config, imageId }: ContainerRecord): Promise<string> {
    return (await this.#idOf(config.image)) === imageId ? config.image : imageId;
  }

  #idOf(ref: string): Promise<string | undefined> {
    let id = this.#ids.get(ref);
    if (id === undefined) {
      id = ref === '' ? Promise.resolve('') : this.#resolve(ref);
      this.#ids.set(ref, id);
    }
    return id;
  }

  #resolve(ref: string): Promise<string | undefined> {
    return this.#context.deps.images.resolve(ref).then(
      ({ image }) => image.id,
      () => undefined,
    );
  }
}
