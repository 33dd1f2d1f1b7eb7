// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerContext } from '#container/context.ts';
import { shimName } from '#container/paths.ts';
import type { Remover } from '#container/remover.ts';
import { hasErrno } from '#linux/errno.ts';
import { MNT_DETACH, umount } from '#linux/mount.ts';

/** What was found of containers and execs that don't exist: a creation, a start or a removal was cut off. */
export interface Leftovers {
  bundles: string[];
  containers: string[];
  snapshots: string[];
  shims: string[];
}

/** To be called before the first request: afterwards there are containers in the making. */
export async function findLeftovers({ deps, paths, store }: ContainerContext): Promise<Leftovers> {
  const ids = new Set(store.all().map(({ id }) => id));
  const execs = [...ids].flatMap((id) => store.execsOf(id));
  const shims = new Set([...ids, ...execs.map(({ id }) => id)].map(shimName));
  const unknown = (names: string[]): string[] => names.filter((name) => !ids.has(name));
  return {
    bundles: unknown(await readdir(paths.bundles)),
    containers: unknown(await readdir(paths.containers)),
    snapshots: unknown(await deps.snapshots.list()),
    shims: (await readdir(paths.shims)).filter((name) => !shims.has(name)),
  };
}

/** One after the other: nobody waits for it. What fails is tried again at the next start. */
export async function clearLeftovers(context: ContainerContext, remover: Remover, found: Leftovers): Promise<void> {
  for (const id of found.bundles) await clearBundle(context, id);
  for (const name of found.shims) await clearShim(context, name);
  for (const id of found.snapshots) await context.deps.snapshots.unmount(id);
  for (const id of new Set([...found.containers, ...found.snapshots])) await remover.removeFiles(id);
}

async function clearBundle({ deps, options, paths }: ContainerContext, id: string): Promise<void> {
  const bundle = paths.bundle(id);
  const cgroupsPath = await cgroupsPathIn(bundle);
  for (const runtime of options.runtimes.values()) {
    const runtimeRoot = paths.runtimeState(runtime.name);
    // Before the runtime made a state directory it made no control group either.
    if (cgroupsPath === undefined || !existsSync(join(runtimeRoot, id))) continue;
    await deps.operations.remove({ id, cgroupsPath, runtime, runtimeRoot });
  }
  unmountIfMounted(paths.shm(id));
  await rm(bundle, { recursive: true, force: true });
}

/** The engine wrote it itself, but may have been cut off while it did. */
async function cgroupsPathIn(bundle: string): Promise<string | undefined> {
  try {
    const spec = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8')) as {
      linux?: { cgroupsPath?: string };
    };
    return spec.linux?.cgroupsPath;
  } catch {
    return undefined;
  }
}

async function clearShim({ deps, paths }: ContainerContext, name: string): Promise<void> {
  const directory = paths.shim(name);
  const shim = await deps.shims.reconnect(directory).catch(() => undefined);
  await shim?.release().catch(() => {});
  await rm(directory, { recursive: true, force: true });
}

export function unmountIfMounted(path: string): void {
  try {
    umount(path, MNT_DETACH);
  } catch (error) {
    if (!hasErrno(error, 'EINVAL', 'ENOENT')) throw error;
  }
}
