// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Resources, ThrottleDevice, WeightDevice } from '#model/container.ts';
import type { HostProbe } from '#runtime/spec/host-probe.ts';
import type { OciResources, OciThrottle } from '#runtime/spec/oci.ts';

/** The CFS period that `--cpus` counts in: 100 ms. */
const NANO_CPUS_PERIOD_US = 100_000;

/** The limits in the specification's form; what is not set is left out. The resources were checked before. */
export function ociResources(resources: Resources, probe: HostProbe): OciResources {
  const memory = memoryLimits(resources);
  const cpu = cpuLimits(resources);
  const blockIO = blockIoLimits(resources, probe);
  return {
    ...(hasMembers(memory) ? { memory } : {}),
    ...(hasMembers(cpu) ? { cpu } : {}),
    ...(resources.pidsLimit === 0 ? {} : { pids: { limit: resources.pidsLimit < 0 ? -1 : resources.pidsLimit } }),
    ...(hasMembers(blockIO) ? { blockIO } : {}),
  };
}

/** Docker's default: as much swap as memory, if memory is limited and swap was not spoken of. */
export function withDefaultSwap<R extends Resources>(resources: R): R {
  if (resources.memoryBytes <= 0 || resources.memorySwapBytes !== 0) return resources;
  return { ...resources, memorySwapBytes: resources.memoryBytes * 2 };
}

const hasMembers = (value: object): boolean => Object.keys(value).length > 0;

function memoryLimits(resources: Resources): NonNullable<OciResources['memory']> {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, memorySwappiness, oomKillDisable } = resources;
  return {
    ...(memoryBytes > 0 ? { limit: memoryBytes } : {}),
    ...(memoryReservationBytes > 0 ? { reservation: memoryReservationBytes } : {}),
    ...(memorySwapBytes > 0 ? { swap: memorySwapBytes } : {}),
    ...(memorySwappiness !== undefined && memorySwappiness >= 0 ? { swappiness: memorySwappiness } : {}),
    ...(oomKillDisable ? { disableOOMKiller: true } : {}),
  };
}

function cpuLimits(resources: Resources): NonNullable<OciResources['cpu']> {
  const { quota, period } = cpuBandwidth(resources);
  const { cpuShares, cpuRealtimePeriodUs, cpuRealtimeRuntimeUs, cpusetCpus, cpusetMems } = resources;
  return {
    ...(cpuShares > 0 ? { shares: cpuShares } : {}),
    ...(quota === 0 ? {} : { quota }),
    ...(period === 0 ? {} : { period }),
    ...(cpuRealtimeRuntimeUs === 0 ? {} : { realtimeRuntime: cpuRealtimeRuntimeUs }),
    ...(cpuRealtimePeriodUs === 0 ? {} : { realtimePeriod: cpuRealtimePeriodUs }),
    ...(cpusetCpus === '' ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === '' ? {} : { mems: cpusetMems }),
  };
}

/** CFS quota and period in microseconds, 0 where not set, from either way of asking for them. */
export function cpuBandwidth(resources: Pick<Resources, 'nanoCpus' | 'cpuQuotaUs' | 'cpuPeriodUs'>): {
  quota: number;
  period: number;
} {
  if (resources.nanoCpus <= 0) return { quota: resources.cpuQuotaUs, period: resources.cpuPeriodUs };
  return { quota: Math.trunc((resources.nanoCpus * NANO_CPUS_PERIOD_US) / 1e9), period: NANO_CPUS_PERIOD_US };
}

function blockIoLimits(resources: Resources, probe: HostProbe): NonNullable<OciResources['blockIO']> {
  const throttles = (devices: readonly ThrottleDevice[]): OciThrottle[] =>
    devices.map(({ path, rate }) => ({ ...blockDevice(path, probe), rate }));
  const weights = (devices: readonly WeightDevice[]) =>
    devices.map(({ path, weight }) => ({ ...blockDevice(path, probe), weight }));
  return {
    ...(resources.blkioWeight > 0 ? { weight: resources.blkioWeight } : {}),
    ...unlessEmpty('weightDevice', weights(resources.blkioWeightDevice)),
    ...unlessEmpty('throttleReadBpsDevice', throttles(resources.blkioDeviceReadBps)),
    ...unlessEmpty('throttleWriteBpsDevice', throttles(resources.blkioDeviceWriteBps)),
    ...unlessEmpty('throttleReadIOPSDevice', throttles(resources.blkioDeviceReadIops)),
    ...unlessEmpty('throttleWriteIOPSDevice', throttles(resources.blkioDeviceWriteIops)),
  };
}

function unlessEmpty<K extends string, T>(key: K, list: T[]): Partial<Record<K, T[]>> {
  return (list.length > 0 ? { [key]: list } : {}) as Partial<Record<K, T[]>>;
}

function blockDevice(path: string, probe: HostProbe): { major: number; minor: number } {
  const found = probe.device(path);
  if (found === undefined) throw invalidParameter(`stat ${path}: no such file or directory`);
  if (typeof found === 'string') throw invalidParameter(`${path} is not a block device`);
  return { major: found.major, minor: found.minor };
}
