// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import type { CgroupLayout } from '#linux/cgroup.ts';
import { capabilitySets, getRlimit, RLIMITS, type RlimitName } from '#linux/process.ts';
import { isApparmorEnabled } from '#runtime/apparmor.ts';
import { parseCpuset } from '#runtime/cpuset.ts';
import { CAPABILITIES } from '#runtime/spec/capabilities.ts';
import { walkDevices } from '#runtime/spec/host-probe.ts';
import type { HostFacts, LimitFeature } from '#runtime/types.ts';

/** Reads once what specifications depend on. Changes nothing. */
export function readHostFacts(layout: CgroupLayout): HostFacts {
  const capabilities = ownCapabilities();
  const cpusetCpus = cpusetFile(layout, 'cpus');
  const cpusetMems = cpusetFile(layout, 'mems');
  return {
    cgroupVersion: layout.version,
    cgroupControllers: layout.controllers,
    limits: readLimits(layout),
    ...(cpusetCpus === undefined ? {} : { cpusetCpus }),
    ...(cpusetMems === undefined ? {} : { cpusetMems }),
    cpuCount: availableParallelism(),
    seccomp: /^Seccomp:/m.test(readFileSync('/proc/self/status', 'utf8')),
    maskedPaths: thermalPaths(),
    seccompArchitectures: SECCOMP_ARCHITECTURES[process.arch] ?? [],
    kernel: parseKernelVersion(release()),
    apparmor: isApparmorEnabled(),
    capabilities,
    ...(capabilities.has('CAP_SYS_RESOURCE') ? {} : { rlimits: ownRlimits() }),
    devices: () => [...walkDevices('/dev', true)].filter(isCharacterOrBlock),
  };
}

type HostDevice = ReturnType<HostFacts['devices']>[number];

const isCharacterOrBlock = (device: { type: string }): device is HostDevice => device.type !== 'p';

const SECCOMP_ARCHITECTURES: Partial<Record<NodeJS.Architecture, string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

export function parseKernelVersion(text: string): { major: number; minor: number } {
  const [major = 0, minor = 0] = text.split(/[.-]/).map((part) => Number.parseInt(part, 10));
  return { major, minor };
}

/** What this process may hand on: those it has, as far as its bounding set lets them through an exec. */
function ownCapabilities(): Set<string> {
  const { bounding, permitted } = capabilitySets();
  return new Set(CAPABILITIES.filter((_, number) => (bounding & permitted & (1n << BigInt(number))) !== 0n));
}

function ownRlimits(): Map<string, { soft: number; hard: number }> {
  return new Map((Object.keys(RLIMITS) as RlimitName[]).map((name) => [name, getRlimit(name)]));
}

/** The files whose presence in a v1 controller's root tells that a limit can be set. */
const V1_FILES: Partial<Record<LimitFeature, [controller: string, file: string]>> = {
  memory: ['memory', 'memory.limit_in_bytes'],
  swap: ['memory', 'memory.memsw.limit_in_bytes'],
  'memory-reservation': ['memory', 'memory.soft_limit_in_bytes'],
  'memory-swappiness': ['memory', 'memory.swappiness'],
  'oom-kill-disable': ['memory', 'memory.oom_control'],
  pids: ['pids', 'cgroup.procs'],
  'cpu-shares': ['cpu', 'cpu.shares'],
  'cpu-cfs': ['cpu', 'cpu.cfs_quota_us'],
  'cpu-realtime': ['cpu', 'cpu.rt_period_us'],
  cpuset: ['cpuset', 'cpuset.cpus'],
  'blkio-weight': ['blkio', 'blkio.weight'],
  'blkio-weight-device': ['blkio', 'blkio.weight_device'],
  'blkio-read-bps': ['blkio', 'blkio.throttle.read_bps_device'],
  'blkio-write-bps': ['blkio', 'blkio.throttle.write_bps_device'],
  'blkio-read-iops': ['blkio', 'blkio.throttle.read_iops_device'],
  'blkio-write-iops': ['blkio', 'blkio.throttle.write_iops_device'],
  devices: ['devices', 'devices.list'],
};

const V2_FEATURES: Record<string, LimitFeature[]> = {
  memory: ['memory', 'memory-reservation'],
  cpu: ['cpu-shares', 'cpu-cfs'],
  cpuset: ['cpuset'],
  pids: ['pids'],
  io: [
    ...(['blkio-weight', 'blkio-weight-device'] as const),
    ...(['blkio-read-bps', 'blkio-write-bps', 'blkio-read-iops', 'blkio-write-iops'] as const),
  ],
};

/** What can be limited: on v1 what there are files for, on v2 what the controllers always have. */
export function readLimits(layout: CgroupLayout, exists: (path: string) => boolean = existsSync): Set<LimitFeature> {
  if (layout.version === 1) {
    const features = Object.entries(V1_FILES) as [LimitFeature, [string, string]][];
    const hasFile = ([, [controller, file]]: [LimitFeature, [string, string]]): boolean => {
      const root = layout.v1.get(controller);
      return root !== undefined && exists(join(root, file));
    };
    return new Set(features.filter(hasFile).map(([feature]) => feature));
  }
  const limits = new Set([...layout.controllers].flatMap((controller) => V2_FEATURES[controller] ?? []));
  limits.add('devices');
  // The root group has no limits itself: swap accounting shows in the group this process is in, if that isn't the root.
  if (limits.has('memory') && hasSwapAccounting(exists)) limits.add('swap');
  return limits;
}

function hasSwapAccounting(exists: (path: string) => boolean): boolean {
  const own = /^0::(\/.+)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  // Accounting is on since 5.8 unless the kernel was built or booted without swap.
  return own === undefined ? exists('/proc/swaps') : exists(join('/sys/fs/cgroup', own, 'memory.swap.max'));
}

function cpusetFile(layout: CgroupLayout, kind: 'cpus' | 'mems'): string | undefined {
  const root = layout.version === 2 ? layout.unified : layout.v1.get('cpuset');
  if (root === undefined) return undefined;
  const file = join(root, layout.version === 2 ? `cpuset.${kind}.effective` : `cpuset.${kind}`);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Each processor's counters of overheating tell other containers what this one does. */
function thermalPaths(): string[] {
  const possible = '/sys/devices/system/cpu/possible';
  if (!existsSync(possible)) return [];
  return [...parseCpuset(readFileSync(possible, 'utf8').trim())]
    .map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`)
    .filter((path) => existsSync(path));
}
