// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isDiskFull } from '#core/disk-full.ts';
import { invalidParameter, messageOf } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import { mountOverlay, type OverlayDirectories } from '#layer/overlay.ts';
import type { SnapshotStore } from '#layer/types.ts';
import { MNT_DETACH, umount } from '#linux/mount.ts';

export type SnapshotDriverName = SnapshotStore['driver'];

const run = promisify(execFile);
const FUSE_TIMEOUT_MS = 10_000;

/** The first of the drivers that works below `directory`: found by mounting something, not by looking at versions. */
export async function chooseDriver(
  directory: string,
  asked: string | undefined,
  logger: Logger,
): Promise<SnapshotDriverName> {
  if (asked !== undefined && !isDriver(asked)) {
    throw invalidParameter(`unknown storage driver ${JSON.stringify(asked)}: expected overlay2, fuse-overlayfs or vfs`);
  }
  const failures: string[] = [];
  for (const driver of ['overlay2', 'fuse-overlayfs'] as const) {
    if (asked !== undefined && asked !== driver) continue;
    const failure = await tryMount(driver, directory);
    if (failure === undefined) return driver;
    failures.push(`${driver}: ${failure}`);
  }
  if (asked !== undefined && asked !== 'vfs') throw invalidParameter(`storage driver ${failures.join('; ')}`);
  if (asked === undefined)
    logger.warn({ failures }, 'no overlay file system works here: containers get full copies of their images');
  return 'vfs';
}

const isDriver = (name: string): name is SnapshotDriverName => ['overlay2', 'fuse-overlayfs', 'vfs'].includes(name);

async function tryMount(driver: 'overlay2' | 'fuse-overlayfs', directory: string): Promise<string | undefined> {
  const trial = await makeTrialDirectory(directory);
  if (trial === undefined) return undefined;
  const path = (name: string): string => join(trial, name);
  try {
    for (const name of ['lower', 'lower2', 'upper', 'work', 'merged']) await mkdir(path(name));
    await mountWith(driver, path('merged'), {
      lowers: [path('lower'), path('lower2')],
      upper: path('upper'),
      work: path('work'),
    });
    try {
      await mkdir(path('merged/works'));
    } finally {
      umount(path('merged'), MNT_DETACH);
    }
    return undefined;
  } catch (error) {
    return isDiskFull(error) ? undefined : messageOf(error);
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** A full disk says nothing of the driver, and another one would not find the containers' files: there is no trial then. */
async function makeTrialDirectory(directory: string): Promise<string | undefined> {
  try {
    return await mkdtemp(join(directory, 'trial-'));
  } catch (error) {
    if (isDiskFull(error)) return undefined;
    throw error;
  }
}

/** Mounts the directories with either overlay driver. */
export async function mountWith(
  driver: 'overlay2' | 'fuse-overlayfs',
  target: string,
  directories: OverlayDirectories,
  label?: string,
): Promise<void> {
  if (driver === 'overlay2') mountOverlay(target, directories, label);
  else {
    const { lowers, upper, work } = directories;
    const options = `lowerdir=${lowers.join(':')},upperdir=${upper},workdir=${work}`;
    await run('fuse-overlayfs', ['-o', options, target], { timeout: FUSE_TIMEOUT_MS });
  }
}
