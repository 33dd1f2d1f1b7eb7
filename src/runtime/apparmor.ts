// SPDX-License-Identifier: Apache-2.0

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineError, messageOf } from '#core/errors.ts';
import { DEFAULT_APPARMOR_PROFILE } from '#runtime/spec/process.ts';

const LOADED_PROFILES = '/sys/kernel/security/apparmor/profiles';

/** Whether the kernel enforces AppArmor profiles and lets us see them. */
export function isApparmorEnabled(): boolean {
  const switchFile = '/sys/module/apparmor/parameters/enabled';
  return existsSync(LOADED_PROFILES) && existsSync(switchFile) && readFileSync(switchFile, 'utf8').startsWith('Y');
}

/** Files below /proc that even a container's root may not write: all but those of its own processes and of sysctl. */
const DENIED = [
  'deny @{PROC}/* w,',
  'deny @{PROC}/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9/]*}/** w,',
  'deny @{PROC}/sys/[^k]** w,',
  'deny @{PROC}/sys/kernel/{?,??,[^s][^h][^m]**} w,',
  'deny @{PROC}/sysrq-trigger rwklx,',
  'deny @{PROC}/kcore rwklx,',
  'deny mount,',
  'deny /sys/[^f]*/** wklx,',
  'deny /sys/f[^s]*/** wklx,',
  'deny /sys/fs/[^c]*/** wklx,',
  'deny /sys/fs/c[^g]*/** wklx,',
  'deny /sys/fs/cg[^r]*/** wklx,',
  'deny /sys/firmware/** rwklx,',
  'deny /sys/devices/virtual/powercap/** rwklx,',
  'deny /sys/kernel/security/** rwklx,',
];

/** The text of the default profile: everything but what is denied; signals and traces only among confined processes. */
export function defaultApparmorProfile(name: string, hasFile: (path: string) => boolean = existsSync): string {
  const tunables = hasFile('/etc/apparmor.d/tunables/global') ? '#include <tunables/global>' : '@{PROC}=/proc/';
  const base = hasFile('/etc/apparmor.d/abstractions/base') ? ['#include <abstractions/base>'] : [];
  const rules = [
    ...base,
    'network,',
    'capability,',
    'file,',
    'umount,',
    'signal (receive) peer=unconfined,',
    'signal (receive) peer={runc,crun},',
    `signal (send,receive) peer=${name},`,
    ...DENIED,
    `ptrace (trace,read,tracedby,readby) peer=${name},`,
  ];
  const lines = rules.map((rule) => `  ${rule}`).join('\n');
  return `${tunables}\n\nprofile ${name} flags=(attach_disconnected,mediate_deleted) {\n${lines}\n}\n`;
}

/** Loads the default profile unless the kernel has it. Does nothing on a host without AppArmor. */
export async function ensureDefaultApparmorProfile(name = DEFAULT_APPARMOR_PROFILE): Promise<void> {
  if (!isApparmorEnabled()) return;
  const loaded = readFileSync(LOADED_PROFILES, 'utf8').split('\n');
  if (loaded.some((line) => line.startsWith(`${name} `))) return;
  const directory = await mkdtemp(join(tmpdir(), 'hoy-apparmor-'));
  try {
    const file = join(directory, name);
    await writeFile(file, defaultApparmorProfile(name));
    await promisify(execFile)('apparmor_parser', ['--replace', '--skip-cache', file]);
  } catch (error) {
    throw new EngineError(
      'internal',
      `AppArmor enabled on system but the ${name} profile could not be loaded: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
