// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import type { MountRequest } from '#model/container.ts';
import { mergeTmpfsOptions } from '#runtime/spec/tmpfs-options.ts';

/** Refuses mounts that could not be made, in Docker's words. */
export function validateMounts(mounts: readonly MountRequest[], exists: (path: string) => boolean = existsSync): void {
  const targets = new Set<string>();
  for (const mount of mounts) {
    checkTarget(mount);
    checkProc(mount);
    if (mount.type === 'bind') checkSource(mount, exists);
    else mergeTmpfsOptions(mount.options.filter(Boolean));
    const target = posix.join(mount.target, '/');
    if (targets.has(target)) throw invalidParameter(`Duplicate mount point: ${mount.target}`);
    targets.add(target);
  }
}

const invalidMount = (type: string, reason: string) =>
  invalidParameter(`invalid mount config for type ${JSON.stringify(type)}: ${reason}`);

function checkTarget({ type, target }: MountRequest): void {
  if (target === '') throw invalidMount(type, 'field Target must not be empty');
  if (!target.startsWith('/')) throw invalidMount(type, `invalid mount path: '${target}' mount path must be absolute`);
  if (posix.normalize(target) === '/') throw invalidMount(type, "invalid specification: destination can't be '/'");
  if (target.includes('\0')) throw invalidMount(type, 'invalid mount path: it contains a NUL byte');
}

/** Files of /proc that others may stand in for, as runc has them: what lxcfs provides. */
const REPLACEABLE_IN_PROC = new Set(
  [
    ...['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'slabinfo', 'stat', 'swaps', 'uptime'],
    ...['sys/kernel/ns_last_pid', 'sys/crypto/fips_enabled'],
  ].map((name) => `/proc/${name}`),
);

/** The runtime sets up the confinement by writing to /proc: nobody may put something else there. crun leaves that to us. */
function checkProc(mount: MountRequest): void {
  const target = posix.normalize(mount.target).replace(/(.)\/$/, '$1');
  if (target === '/proc') {
    if (mount.type === 'bind' && posix.normalize(mount.source) === '/proc') return;
    throw invalidParameter(`${JSON.stringify(target)} cannot be mounted because it is not of type proc`);
  }
  if (!target.startsWith('/proc/') || REPLACEABLE_IN_PROC.has(target)) return;
  throw invalidParameter(`${JSON.stringify(target)} cannot be mounted because it is inside /proc`);
}

function checkSource(mount: Extract<MountRequest, { type: 'bind' }>, exists: (path: string) => boolean): void {
  const { source, createSource } = mount;
  if (source === '') throw invalidMount('bind', 'field Source must not be empty');
  if (source.includes('\0')) throw invalidMount('bind', 'invalid mount path: it contains a NUL byte');
  if (!source.startsWith('/')) {
    throw invalidMount('bind', `invalid mount path: '${source}' mount path must be absolute`);
  }
  if (!createSource && !exists(source)) throw invalidMount('bind', `bind source path does not exist: ${source}`);
}
