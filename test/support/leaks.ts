// SPDX-License-Identifier: Apache-2.0
import { globSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { run } from './command.ts';

/** What an engine in `directory` has on the machine, as lines that say what and where. */
export function holdings(directory: string, containerIds: Iterable<string>): string[] {
  return [
    ...mountsUnder(directory).map((path) => `mount ${path}`),
    ...processesOf(directory).map((pid) => `process ${pid} ${commandLine(pid)}`),
    ...cgroupsOf(containerIds).map((path) => `cgroup ${path}`),
  ];
}

/** Mount points under the directory, deepest first. */
export function mountsUnder(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4]?.replaceAll('\\040', ' ') ?? '')
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse();
}

/** Processes that were told of the directory on their command line, and those that live in a file system from it. */
export function processesOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => isOf(pid, directory));
}

function isOf(pid: number, directory: string): boolean {
  try {
    if (commandLine(pid).includes(directory)) return true;
    const root = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .find((line) => line.split(' ')[4] === '/');
    return (root?.includes(directory) ?? false) || readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
  } catch {
    // It ended while it was looked at.
    return false;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Control groups that are named after one of the containers. */
export function cgroupsOf(containerIds: Iterable<string>): string[] {
  const ids = [...containerIds];
  if (ids.length === 0) return [];
  const folders = globSync('/sys/fs/cgroup/{*,*/*,*/*/*,*/*/*/*}/', { exclude: (name) => name === 'pod' });
  return folders.filter((path) => ids.some((id) => path.includes(id)));
}

/** Takes everything away that is left, in the order in which one thing keeps the next. */
export async function removeHoldings(directory: string, containerIds: Iterable<string>): Promise<void> {
  for (const pid of processesOf(directory)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  for (const path of mountsUnder(directory)) await run('umount', ['-l', path]);
  for (const path of cgroupsOf(containerIds).sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(path);
    } catch {
      // The kernel still counts a process that was just killed; an empty group costs nothing.
    }
  }
}
