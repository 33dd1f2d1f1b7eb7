// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CgroupLayout } from '#linux/cgroup.ts';

/**
 * Makes moves of processes between control groups cheap for the next 10 ms or so.
 *
 * A move takes a lock that all forks share. Taking it after a while waits until every CPU was heard of (an RCU grace
 * period, 10 to 20 ms); whoever takes it soon after waits no more. So that wait is begun here, while the caller has other
 * things to do, by moving this process to the group that it is in. Only the write takes time, and it is another thread's.
 * Never rejects: it is only about time.
 */
export async function prepareCgroupMoves(layout: CgroupLayout): Promise<void> {
  let file: number | undefined;
  try {
    // Looked up every time: a service manager may have moved this process, and it must not be moved back.
    const list = ownProcessList(layout, readFileSync('/proc/self/cgroup', 'utf8'));
    if (list === undefined) return;
    file = openSync(list, 'r+');
    await writeTo(file, String(process.pid));
  } catch {
    // Read-only control groups, or a group that may not be written: then the runtime waits itself.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const writeTo = promisify<number, string, unknown>(write);

/** `cgroup.procs` of the group that this process is in, in the hierarchy that containers are made in. */
export function ownProcessList({ version, v1, unified }: CgroupLayout, selfCgroup: string): string | undefined {
  for (const [, controllers = '', path = ''] of selfCgroup.matchAll(/^\d+:([^:]*):(.*)$/gm)) {
    const root = version === 2 ? controllers === '' && unified : v1.get(controllers.split(',')[0] ?? '');
    // A group outside of this process's control group namespace is shown as `/..`.
    if (root && !path.startsWith('/..')) return join(root, path, 'cgroup.procs');
  }
  return undefined;
}
