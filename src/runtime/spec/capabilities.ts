// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig } from '#model/container.ts';
import type { OciCapabilities } from '#runtime/spec/oci.ts';
import type { HostFacts } from '#runtime/types.ts';

/** By the kernel's own numbers: the name at index n is capability n (linux/capability.h). */
export const CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

/** What a container has unless its caller says otherwise: Docker's fourteen. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

const ALL = 'ALL';

/** Full names of what was asked for; `ALL` stays. Unknown or unavailable ones are refused. */
export function normalizeCapabilities(names: readonly string[], host: Pick<HostFacts, 'capabilities'>): string[] {
  return names.map((given) => {
    const upper = given.toUpperCase();
    if (upper === ALL) return ALL;
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!CAPABILITIES.includes(name)) throw invalidParameter(`unknown capability: ${JSON.stringify(name)}`);
    if (!host.capabilities.has(name)) {
      throw invalidParameter(
        `capability not supported by your kernel or not available in the current environment: ${JSON.stringify(name)}`,
      );
    }
    return name;
  });
}

/** The capabilities of a container: the default ones, those added, without those dropped; all there are if privileged. */
export function containerCapabilities(
  { capAdd, capDrop, privileged }: Pick<HostConfig, 'capAdd' | 'capDrop' | 'privileged'>,
  host: Pick<HostFacts, 'capabilities'>,
): string[] {
  const available = CAPABILITIES.filter((name) => host.capabilities.has(name));
  if (privileged) return available;
  const drop = new Set(normalizeCapabilities(capDrop, host));
  const add = normalizeCapabilities(capAdd, host);
  if (add.includes(ALL)) return available.filter((name) => !drop.has(name));
  const kept = drop.has(ALL)
    ? []
    : DEFAULT_CAPABILITIES.filter((name) => host.capabilities.has(name) && !drop.has(name));
  return [...new Set([...kept, ...add])];
}

export function capabilitySets(names: readonly string[]): OciCapabilities {
  return { bounding: [...names], effective: [...names], permitted: [...names] };
}
