// SPDX-License-Identifier: Apache-2.0
import type { HostConfig } from '#model/container.ts';
import type { SecurityOptions } from '#runtime/spec/security-options.ts';
import type { HostFacts } from '#runtime/types.ts';

/** Kernel interfaces that tell too much of the host or take too much of it. */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** What of /proc and /sys is hidden from the container and what it may only read. The caller's own lists win. */
export function systemPaths(
  hostConfig: Pick<HostConfig, 'maskedPaths' | 'readonlyPaths' | 'privileged'>,
  options: Pick<SecurityOptions, 'systemPathsUnconfined'>,
  host: Pick<HostFacts, 'maskedPaths'>,
): { masked: string[]; readonly: string[] } {
  const open = hostConfig.privileged || options.systemPathsUnconfined;
  return {
    masked: hostConfig.maskedPaths ?? (open ? [] : [...DEFAULT_MASKED_PATHS, ...(host.maskedPaths ?? [])]),
    readonly: hostConfig.readonlyPaths ?? (open ? [] : [...DEFAULT_READONLY_PATHS]),
  };
}
