// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

/** A unix socket's path has room for 108 bytes, so that shims go by the first part of their ID, which is unique enough. */
const SHIM_NAME_LENGTH = 24;

/** Where the engine keeps the files of containers. */
export class ContainerPaths {
  /** One directory per container, with its log. */
  readonly containers: string;
  /** One directory per container that has a process: the bundle. */
  readonly bundles: string;
  /** One directory per process, of containers and execs. */
  readonly shims: string;
  readonly #runtimeStates: string;

  constructor(roots: { dataRoot: string; execRoot: string }) {
    this.containers = join(roots.dataRoot, 'containers');
    this.bundles = join(roots.execRoot, 'bundles');
    this.shims = join(roots.execRoot, 'shims');
    this.#runtimeStates = join(roots.execRoot, 'runtime');
  }

  container(id: string): string {
    return join(this.containers, id);
  }

  log(id: string): string {
    return join(this.containers, id, `${id}-json.log`);
  }

  bundle(id: string): string {
    return join(this.bundles, id);
  }

  shm(id: string): string {
    return join(this.bundles, id, 'shm');
  }

  shim(id: string): string {
    return join(this.shims, shimName(id));
  }

  /** Runtimes don't read each other's state. */
  runtimeState(runtime: string): string {
    return join(this.#runtimeStates, runtime);
  }
}

export const shimName = (id: string): string => id.slice(0, SHIM_NAME_LENGTH);
