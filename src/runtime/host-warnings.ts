// SPDX-License-Identifier: Apache-2.0
import type { HostConfig, Resources } from '#model/container.ts';
import { limitsAboveHost } from '#runtime/spec/rlimits.ts';
import { parseSecurityOptions } from '#runtime/spec/security-options.ts';
import type { HostFacts, LimitFeature } from '#runtime/types.ts';

/** A limit that this host may be unable to keep: how to see that it was asked for, what is said, and what is left of it. */
interface Support {
  feature: LimitFeature;
  isAsked(resources: Resources): boolean;
  warning: string;
  discard(resources: Resources): Partial<Resources>;
}

const cgroupMissing = (what: string): string => `Your kernel does not support ${what} or the cgroup is not mounted.`;

const SUPPORT: readonly Support[] = [
  {
    feature: 'memory',
    isAsked: ({ memoryBytes }) => memoryBytes > 0,
    warning: `${cgroupMissing('memory limit capabilities')} Limitation discarded.`,
    discard: () => ({ memoryBytes: 0, memorySwapBytes: -1 }),
  },
  {
    feature: 'swap',
    isAsked: ({ memoryBytes, memorySwapBytes }) => memoryBytes > 0 && memorySwapBytes !== -1,
    warning: `${cgroupMissing('swap limit capabilities')} Memory limited without swap.`,
    discard: () => ({ memorySwapBytes: -1 }),
  },
  {
    feature: 'memory-swappiness',
    isAsked: ({ memorySwappiness }) => memorySwappiness !== undefined && memorySwappiness !== -1,
    warning: `${cgroupMissing('memory swappiness capabilities')} Memory swappiness discarded.`,
    discard: () => ({ memorySwappiness: -1 }),
  },
  {
    feature: 'memory-reservation',
    isAsked: ({ memoryReservationBytes }) => memoryReservationBytes > 0,
    warning: `${cgroupMissing('memory soft limit capabilities')} Limitation discarded.`,
    discard: () => ({ memoryReservationBytes: 0 }),
  },
  {
    feature: 'oom-kill-disable',
    isAsked: ({ oomKillDisable }) => oomKillDisable,
    warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    discard: () => ({ oomKillDisable: false }),
  },
  {
    feature: 'pids',
    isAsked: ({ pidsLimit }) => pidsLimit > 0,
    warning: `${cgroupMissing('PIDs limit capabilities')} PIDs limit discarded.`,
    discard: () => ({ pidsLimit: 0 }),
  },
  {
    feature: 'cpu-shares',
    isAsked: ({ cpuShares }) => cpuShares > 0,
    warning: `${cgroupMissing('CPU shares')} Shares discarded.`,
    discard: () => ({ cpuShares: 0 }),
  },
  {
    feature: 'cpu-cfs',
    isAsked: ({ cpuPeriodUs, cpuQuotaUs }) => cpuPeriodUs !== 0 || cpuQuotaUs !== 0,
    warning: 'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
    discard: () => ({ cpuPeriodUs: 0, cpuQuotaUs: 0 }),
  },
  {
    feature: 'cpuset',
    isAsked: ({ cpusetCpus, cpusetMems }) => cpusetCpus !== '' || cpusetMems !== '',
    warning: `${cgroupMissing('cpuset')} Cpuset discarded.`,
    discard: () => ({ cpusetCpus: '', cpusetMems: '' }),
  },
  {
    feature: 'blkio-weight',
    isAsked: ({ blkioWeight }) => blkioWeight > 0,
    warning: `${cgroupMissing('Block I/O weight')} Weight discarded.`,
    discard: () => ({ blkioWeight: 0 }),
  },
  {
    feature: 'blkio-weight-device',
    isAsked: ({ blkioWeightDevice }) => blkioWeightDevice.length > 0,
    warning: `${cgroupMissing('Block I/O weight_device')} Weight-device discarded.`,
    discard: () => ({ blkioWeightDevice: [] }),
  },
  throttle('blkio-read-bps', 'blkioDeviceReadBps', 'BPS Block I/O read', 'Block I/O BPS read'),
  throttle('blkio-write-bps', 'blkioDeviceWriteBps', 'BPS Block I/O write', 'Block I/O BPS write'),
  throttle('blkio-read-iops', 'blkioDeviceReadIops', 'IOPS Block read', 'Block I/O IOPS read'),
  throttle('blkio-write-iops', 'blkioDeviceWriteIops', 'IOPS Block write', 'Block I/O IOPS write'),
];

function throttle(
  feature: LimitFeature,
  field: 'blkioDeviceReadBps' | 'blkioDeviceWriteBps' | 'blkioDeviceReadIops' | 'blkioDeviceWriteIops',
  kernel: string,
  discarded: string,
): Support {
  return {
    feature,
    isAsked: (resources) => resources[field].length > 0,
    warning: `${cgroupMissing(`${kernel} limit`)} ${discarded} limit discarded.`,
    discard: () => ({ [field]: [] }),
  };
}

/** The limits that this host can keep, and Docker's words for each that it can't. */
export function supportedResources<R extends Resources>(
  resources: R,
  host: Pick<HostFacts, 'limits'>,
): { resources: R; warnings: string[] } {
  const warnings: string[] = [];
  let kept = resources;
  for (const { feature, isAsked, warning, discard } of SUPPORT) {
    if (host.limits === undefined || host.limits.has(feature) || !isAsked(kept)) continue;
    kept = { ...kept, ...discard(kept) };
    warnings.push(warning);
  }
  if (kept.kernelMemoryBytes > 0) {
    kept = { ...kept, kernelMemoryBytes: 0 };
    warnings.push(`${cgroupMissing('kernel memory limit capabilities')} Limitation discarded.`);
  }
  if (kept.oomKillDisable && kept.memoryBytes === 0) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  return { resources: kept, warnings };
}

/** What `create` answers in `Warnings` about options that this host can't honour as they were asked for. */
export function hostWarnings(
  hostConfig: HostConfig,
  host: Pick<HostFacts, 'limits' | 'rlimits' | 'apparmor' | 'seccomp'>,
): string[] {
  const { warnings } = supportedResources(hostConfig, host);
  if (hostConfig.networkMode === 'host' && Object.keys(hostConfig.portBindings).length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  for (const { name, hard } of limitsAboveHost(hostConfig.ulimits, host)) {
    const limit = host.rlimits?.get(name)?.hard ?? 0;
    warnings.push(
      `The engine may not raise its own hard limit of ${limit} for ulimit ${name}: ${limit} is used instead of ${hard}.`,
    );
  }
  const { apparmor } = parseSecurityOptions(hostConfig.securityOpt);
  if (apparmor && apparmor !== 'unconfined' && !host.apparmor) {
    warnings.push('Your kernel does not support AppArmor. AppArmor profile discarded.');
  }
  return warnings;
}
