// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { invalidParameter } from '#core/errors.ts';
import type { Resources, ThrottleDevice, WeightDevice } from '#model/container.ts';
import type { Resources as WireResources } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';

/** Fields of `Resources` in older versions of the API. */
type Wire = WireResources & { KernelMemory?: number };

const MIN_MEMORY_BYTES = 6 << 20;

/** Limits as asked for; throws Docker's words for those that make no sense. */
export function toResources(wire: Wire, mapping: Mapping): Resources {
  const resources: Resources = {
    cpuShares: wire.CpuShares ?? 0,
    memoryBytes: wire.Memory ?? 0,
    memoryReservationBytes: wire.MemoryReservation ?? 0,
    memorySwapBytes: wire.MemorySwap ?? 0,
    ...swappiness(wire.MemorySwappiness),
    kernelMemoryBytes: 0,
    oomKillDisable: wire.OomKillDisable ?? false,
    nanoCpus: wire.NanoCpus ?? 0,
    cpuPeriodUs: wire.CpuPeriod ?? 0,
    cpuQuotaUs: wire.CpuQuota ?? 0,
    cpuRealtimePeriodUs: wire.CpuRealtimePeriod ?? 0,
    cpuRealtimeRuntimeUs: wire.CpuRealtimeRuntime ?? 0,
    cpusetCpus: wire.CpusetCpus ?? '',
    cpusetMems: wire.CpusetMems ?? '',
    pidsLimit: Math.max(wire.PidsLimit ?? 0, 0),
    blkioWeight: wire.BlkioWeight ?? 0,
    blkioWeightDevice: (wire.BlkioWeightDevice ?? []).map(weightDevice),
    blkioDeviceReadBps: (wire.BlkioDeviceReadBps ?? []).map(throttleDevice),
    blkioDeviceWriteBps: (wire.BlkioDeviceWriteBps ?? []).map(throttleDevice),
    blkioDeviceReadIops: (wire.BlkioDeviceReadIOps ?? []).map(throttleDevice),
    blkioDeviceWriteIops: (wire.BlkioDeviceWriteIOps ?? []).map(throttleDevice),
  };
  if (mapping.version.before('1.42') && wire.KernelMemory) {
    mapping.warnings.push('Kernel memory limits no longer exist in Linux. Kernel memory limit discarded.');
  }
  return resources;
}

/** -1 is how clients say that they leave it to the kernel. */
function swappiness(value: number | null | undefined): { memorySwappiness?: number } {
  if (value === undefined || value === null || value === -1) return {};
  if (value < 0 || value > 100) {
    throw invalidParameter(`Invalid value: ${value}, valid memory swappiness range is 0-100`);
  }
  return { memorySwappiness: value };
}

function weightDevice({
  Path = '',
  Weight = 0,
}: {
  Path?: string | undefined;
  Weight?: number | undefined;
}): WeightDevice {
  if (Weight !== 0 && (Weight < 10 || Weight > 1000))
    throw invalidParameter('Range of blkio weight is from 10 to 1000');
  return { path: Path, weight: Weight };
}

function throttleDevice({
  Path = '',
  Rate = 0,
}: {
  Path?: string | undefined;
  Rate?: number | undefined;
}): ThrottleDevice {
  if (Rate < 0) throw invalidParameter(`invalid rate for device ${Path}: ${Rate}`);
  return { path: Path, rate: Rate };
}

/** Checks limits against each other. `update`: the others that a running container has are not known here. */
export function checkResources(resources: Resources, isUpdate: boolean): void {
  checkMemory(resources, isUpdate);
  checkCpu(resources);
  const { blkioWeight } = resources;
  if (blkioWeight !== 0 && (blkioWeight < 10 || blkioWeight > 1000)) {
    throw invalidParameter('Range of blkio weight is from 10 to 1000');
  }
}

function checkMemory(resources: Resources, isUpdate: boolean): void {
  const { memoryBytes: memory, memorySwapBytes: swap, memoryReservationBytes: reservation } = resources;
  if (memory !== 0 && memory < MIN_MEMORY_BYTES) throw invalidParameter('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalidParameter('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0 && !isUpdate) {
    throw invalidParameter('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (swap < -1) throw invalidParameter(`invalid memory swap limit: ${swap}`);
  if (reservation !== 0 && reservation < MIN_MEMORY_BYTES) {
    throw invalidParameter('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > 0 && memory < reservation) {
    throw invalidParameter('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkCpu(resources: Resources): void {
  const { nanoCpus, cpuPeriodUs, cpuQuotaUs, cpuShares, cpuRealtimePeriodUs, cpuRealtimeRuntimeUs } = resources;
  if (nanoCpus > 0 && cpuPeriodUs > 0) {
    throw invalidParameter('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (nanoCpus > 0 && cpuQuotaUs > 0) {
    throw invalidParameter('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  const cpus = availableParallelism();
  if (nanoCpus < 0 || nanoCpus > cpus * 1e9) {
    throw invalidParameter(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (cpuPeriodUs !== 0 && (cpuPeriodUs < 1000 || cpuPeriodUs > 1_000_000)) {
    throw invalidParameter('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (cpuQuotaUs > 0 && cpuQuotaUs < 1000) {
    throw invalidParameter('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  }
  if (cpuShares < 0) throw invalidParameter(`invalid CPU shares (${cpuShares}): value must be a positive integer`);
  if (cpuRealtimePeriodUs !== 0 && cpuRealtimeRuntimeUs > cpuRealtimePeriodUs) {
    throw invalidParameter('cpu real-time runtime cannot be higher than cpu real-time period');
  }
}

export function fromResources(resources: Resources): WireResources {
  return {
    CpuShares: resources.cpuShares,
    Memory: resources.memoryBytes,
    NanoCpus: resources.nanoCpus,
    BlkioWeight: resources.blkioWeight,
    BlkioWeightDevice: resources.blkioWeightDevice.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: resources.blkioDeviceReadBps.map(fromThrottle),
    BlkioDeviceWriteBps: resources.blkioDeviceWriteBps.map(fromThrottle),
    BlkioDeviceReadIOps: resources.blkioDeviceReadIops.map(fromThrottle),
    BlkioDeviceWriteIOps: resources.blkioDeviceWriteIops.map(fromThrottle),
    CpuPeriod: resources.cpuPeriodUs,
    CpuQuota: resources.cpuQuotaUs,
    CpuRealtimePeriod: resources.cpuRealtimePeriodUs,
    CpuRealtimeRuntime: resources.cpuRealtimeRuntimeUs,
    CpusetCpus: resources.cpusetCpus,
    CpusetMems: resources.cpusetMems,
    MemoryReservation: resources.memoryReservationBytes,
    MemorySwap: resources.memorySwapBytes,
    MemorySwappiness: (resources.memorySwappiness ?? null) as number | undefined,
    OomKillDisable: resources.oomKillDisable,
    PidsLimit: resources.pidsLimit > 0 ? resources.pidsLimit : null,
  };
}

const fromThrottle = ({ path, rate }: ThrottleDevice) => ({ Path: path, Rate: rate });
