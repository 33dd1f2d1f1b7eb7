// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Resources } from '#model/container.ts';
import { checkCpuset } from '#runtime/cpuset.ts';
import { supportedResources } from '#runtime/host-warnings.ts';
import type { HostFacts } from '#runtime/types.ts';

/** Less than this and a container does not even start. */
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

type ResourceFacts = Pick<HostFacts, 'limits' | 'cpusetCpus' | 'cpusetMems' | 'cpuCount'>;

/**
 * Refuses limits that no host could keep or that contradict each other, in Docker's words. Limits that only this host
 * can't keep are no error: `hostWarnings` tells of them. `isUpdate`: of a container that has limits already.
 */
export function validateResources(resources: Resources, host: ResourceFacts, isUpdate = false): void {
  checkRealtime(resources, host);
  if (resources.nanoCpus > 0 && host.limits?.has('cpu-cfs') === false) {
    throw invalidParameter(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  if (resources.memoryBytes !== 0 && resources.memoryBytes < MIN_MEMORY_BYTES) {
    throw invalidParameter('Minimum memory limit allowed is 6MB');
  }
  const { resources: kept } = supportedResources(resources, host);
  checkMemory(kept, isUpdate);
  checkCpu(kept, host);
  checkCpuset(kept.cpusetCpus, host.cpusetCpus, 'cpus');
  checkCpuset(kept.cpusetMems, host.cpusetMems, 'mems');
  if (kept.blkioWeight !== 0 && (kept.blkioWeight < 10 || kept.blkioWeight > 1000)) {
    throw invalidParameter('Range of blkio weight is from 10 to 1000');
  }
}

function checkMemory(resources: Resources, isUpdate: boolean): void {
  const { memoryBytes, memorySwapBytes, memoryReservationBytes, memorySwappiness } = resources;
  if (memoryBytes > 0 && memorySwapBytes > 0 && memorySwapBytes < memoryBytes) {
    throw invalidParameter('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memoryBytes === 0 && memorySwapBytes > 0 && !isUpdate) {
    throw invalidParameter('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (memorySwappiness !== undefined && (memorySwappiness < -1 || memorySwappiness > 100)) {
    throw invalidParameter(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  }
  if (memoryReservationBytes > 0 && memoryReservationBytes < MIN_MEMORY_BYTES) {
    throw invalidParameter('Minimum memory reservation allowed is 6MB');
  }
  if (memoryBytes > 0 && memoryBytes < memoryReservationBytes) {
    throw invalidParameter('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkCpu(resources: Resources, { cpuCount }: ResourceFacts): void {
  const { nanoCpus, cpuPeriodUs, cpuQuotaUs, cpuShares } = resources;
  if (nanoCpus > 0 && cpuPeriodUs > 0) {
    throw invalidParameter('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (nanoCpus > 0 && cpuQuotaUs > 0) {
    throw invalidParameter('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  if (nanoCpus < 0 || (cpuCount !== undefined && nanoCpus > cpuCount * 1e9)) {
    const count = cpuCount ?? 1;
    throw invalidParameter(`range of CPUs is from 0.01 to ${count}.00, as there are only ${count} CPUs available`);
  }
  if (cpuShares < 0) throw invalidParameter(`invalid CPU shares (${cpuShares}): value must be a positive integer`);
  if (cpuPeriodUs !== 0 && (cpuPeriodUs < 1000 || cpuPeriodUs > 1_000_000)) {
    throw invalidParameter('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (cpuQuotaUs > 0 && cpuQuotaUs < 1000) {
    throw invalidParameter('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  }
}

function checkRealtime({ cpuRealtimePeriodUs, cpuRealtimeRuntimeUs }: Resources, { limits }: ResourceFacts): void {
  if (cpuRealtimePeriodUs === 0 && cpuRealtimeRuntimeUs === 0) return;
  if (limits?.has('cpu-realtime') === false) {
    throw invalidParameter('kernel does not support CPU real-time scheduler');
  }
  if (cpuRealtimePeriodUs !== 0 && cpuRealtimeRuntimeUs > cpuRealtimePeriodUs) {
    throw invalidParameter('cpu real-time runtime cannot be higher than cpu real-time period');
  }
}
