// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CgroupLayout, cgroupDirectories, cgroupDirectory } from '#linux/cgroup.ts';
import { hasErrno } from '#linux/errno.ts';

/** What happens to all processes of a group and of its child groups. A group that is gone has no processes. */

const SETTLE_MS = 10_000;

/** Waits grow from 1 ms to this. */
const MAX_WAIT_MS = 50;

/** Process IDs, children's groups included. */
export function cgroupPids(layout: CgroupLayout, cgroupsPath: string): number[] {
  const directory = processDirectory(layout, cgroupsPath);
  if (directory === undefined) return [];
  return groupsBelow(directory).flatMap((group) => readPids(join(group, 'cgroup.procs')));
}

/** Every process is in every hierarchy: any will do, the one that counts processes first. */
function processDirectory(layout: CgroupLayout, cgroupsPath: string): string | undefined {
  return ['pids', 'freezer', 'memory', 'devices', 'cpu', ...layout.v1.keys()]
    .map((controller) => cgroupDirectory(layout, controller, cgroupsPath))
    .find((directory) => directory !== undefined && existsSync(directory));
}

function readPids(file: string): number[] {
  return whileItExists(() => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)) ?? [];
}

/** The group and all below it, parents first. */
function groupsBelow(directory: string): string[] {
  const children =
    whileItExists(() => readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())) ?? [];
  return [directory, ...children.flatMap((entry) => groupsBelow(join(directory, entry.name)))];
}

function whileItExists<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}

/** How long one try to freeze may take before all are let go for a moment. */
const FREEZE_TRY_MS = 100;

/**
 * Resolves when every process stands still. Throws if some won't within ten seconds; then all go on. A program of several
 * threads that is just calling execve(2) waits for threads that are frozen already (v1): it is let go and caught again.
 */
export async function freezeCgroup(layout: CgroupLayout, cgroupsPath: string): Promise<void> {
  const isFrozen = await eventually(async () => {
    setFrozen(layout, cgroupsPath, true);
    if (await eventually(() => isCgroupFrozen(layout, cgroupsPath), FREEZE_TRY_MS)) return true;
    setFrozen(layout, cgroupsPath, false);
    return false;
  });
  if (!isFrozen) throw new Error('some processes could not be frozen');
}

/** Resolves when the group is no longer frozen. */
export async function thawCgroup(layout: CgroupLayout, cgroupsPath: string): Promise<void> {
  setFrozen(layout, cgroupsPath, false);
  if (!(await eventually(() => !isCgroupFrozen(layout, cgroupsPath)))) {
    throw new Error('the control group could not be thawed');
  }
}

export function isCgroupFrozen(layout: CgroupLayout, cgroupsPath: string): boolean {
  const directory = cgroupDirectory(layout, 'freezer', cgroupsPath);
  if (directory === undefined) return false;
  if (layout.version === 1) {
    return whileItExists(() => readFileSync(join(directory, 'freezer.state'), 'utf8').trim() === 'FROZEN') ?? false;
  }
  return whileItExists(() => /^frozen 1$/m.test(readFileSync(join(directory, 'cgroup.events'), 'utf8'))) ?? false;
}

function setFrozen(layout: CgroupLayout, cgroupsPath: string, frozen: boolean): void {
  const directory = cgroupDirectory(layout, 'freezer', cgroupsPath);
  if (directory === undefined) throw new Error('the host has no freezer control group');
  if (layout.version === 1) writeFileSync(join(directory, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
  else writeFileSync(join(directory, 'cgroup.freeze'), frozen ? '1' : '0');
}

/** SIGKILL to every process, frozen or forking ones too. Resolves to whether the group became empty. */
export async function killCgroup(layout: CgroupLayout, cgroupsPath: string): Promise<boolean> {
  return eventually(() => {
    if (cgroupPids(layout, cgroupsPath).length === 0) return true;
    if (!killAtOnce(layout, cgroupsPath)) killOneByOne(layout, cgroupsPath);
    return false;
  });
}

/** Frozen meanwhile where that is possible, so that none forks faster than it is killed. */
function killOneByOne(layout: CgroupLayout, cgroupsPath: string): void {
  const canFreeze = cgroupDirectory(layout, 'freezer', cgroupsPath) !== undefined;
  if (canFreeze) whileItExists(() => setFrozen(layout, cgroupsPath, true));
  for (const pid of cgroupPids(layout, cgroupsPath)) kill(pid);
  if (canFreeze) whileItExists(() => setFrozen(layout, cgroupsPath, false));
}

/** The kernel's own way since 5.14, which no fork escapes. */
function killAtOnce(layout: CgroupLayout, cgroupsPath: string): boolean {
  const directory = layout.version === 2 ? cgroupDirectory(layout, '', cgroupsPath) : undefined;
  if (directory === undefined || !existsSync(join(directory, 'cgroup.kill'))) return false;
  return whileItExists(() => writeFileSync(join(directory, 'cgroup.kill'), '1')) === undefined;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}

/**
 * Removes the group with those below it, in every hierarchy. A group stays busy for a moment after its last process
 * ended; resolves to false if it still is after ten seconds. Idempotent.
 */
export async function removeCgroup(layout: CgroupLayout, cgroupsPath: string): Promise<boolean> {
  const removed = await Promise.all(cgroupDirectories(layout, cgroupsPath).map(removeTree));
  return removed.every(Boolean);
}

async function removeTree(directory: string): Promise<boolean> {
  return eventually(() => groupsBelow(directory).toReversed().every(removeGroup));
}

/** Takes some microseconds: not worth a thread. */
function removeGroup(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (hasErrno(error, 'EBUSY')) return false;
    throw error;
  }
}

/** Asks again and again, ever more slowly, until the answer is yes or the time is up. */
async function eventually(isDone: () => boolean | Promise<boolean>, withinMs = SETTLE_MS): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
    if (await isDone()) return true;
    if (Date.now() > deadline) return false;
    await sleep(waitMs);
  }
}
