// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '#model/container.ts';
import type { HostProbe } from '#runtime/spec/host-probe.ts';
import type { OciResources, OciThrottle } from '#runtime/spec/oci.ts';
import { ociResources } from '#runtime/spec/resources.ts';

/** One value for one control file. */
export interface LimitWrite {
  controller: string;
  /** The first of these that the kernel has. */
  files: string[];
  value: string;
}

/** What some limits depend on: the values that are in force now. */
export interface CurrentLimits {
  memoryBytes?: number;
  memorySwapBytes?: number;
  cpuQuotaUs?: number;
  cpuPeriodUs?: number;
}

/** The writes that put `resources` in force, in an order in which the kernel takes them. What is not set is not written. */
export function limitWrites(
  version: 1 | 2,
  resources: Resources,
  current: CurrentLimits,
  probe: HostProbe,
): LimitWrite[] {
  const limits = ociResources(resources, probe);
  const writes = version === 2 ? v2Writes(limits, resources, current) : v1Writes(limits, resources, current);
  return writes.flat();
}

const write = (controller: string, file: string | string[], value: number | string | undefined): LimitWrite[] =>
  value === undefined ? [] : [{ controller, files: [file].flat(), value: String(value) }];

function v1Writes(
  { memory, cpu, pids, blockIO }: OciResources,
  resources: Resources,
  current: CurrentLimits,
): LimitWrite[][] {
  return [
    ...memoryV1(memory?.limit, resources.memorySwapBytes, current),
    write('memory', 'memory.soft_limit_in_bytes', memory?.reservation),
    write('memory', 'memory.swappiness', memory?.swappiness),
    write('memory', 'memory.oom_control', memory?.disableOOMKiller ? 1 : undefined),
    write('cpu', 'cpu.shares', cpu?.shares),
    write('cpu', 'cpu.cfs_period_us', cpu?.period),
    write('cpu', 'cpu.cfs_quota_us', cpu?.quota),
    write('cpu', 'cpu.rt_period_us', cpu?.realtimePeriod),
    write('cpu', 'cpu.rt_runtime_us', cpu?.realtimeRuntime),
    ...cpusetAndPids(cpu, pids),
    write('blkio', ['blkio.weight', 'blkio.bfq.weight'], blockIO?.weight),
    ...(blockIO?.weightDevice ?? []).map(({ major, minor, weight }) =>
      write('blkio', ['blkio.weight_device', 'blkio.bfq.weight_device'], `${major}:${minor} ${weight}`),
    ),
    ...throttlesV1('blkio.throttle.read_bps_device', blockIO?.throttleReadBpsDevice),
    ...throttlesV1('blkio.throttle.write_bps_device', blockIO?.throttleWriteBpsDevice),
    ...throttlesV1('blkio.throttle.read_iops_device', blockIO?.throttleReadIOPSDevice),
    ...throttlesV1('blkio.throttle.write_iops_device', blockIO?.throttleWriteIOPSDevice),
  ];
}

/** The kernel never lets memory plus swap be less than memory: when both grow, the sum goes first. */
function memoryV1(limit: number | undefined, swap: number, current: CurrentLimits): LimitWrite[][] {
  const memoryWrite = write('memory', 'memory.limit_in_bytes', limit);
  const swapWrite = swap === 0 ? [] : write('memory', 'memory.memsw.limit_in_bytes', swap);
  const sumGrows = swap === -1 || (current.memorySwapBytes ?? 0) < swap;
  return sumGrows ? [swapWrite, memoryWrite] : [memoryWrite, swapWrite];
}

const cpusetAndPids = (cpu: OciResources['cpu'], pids: OciResources['pids']): LimitWrite[][] => [
  write('cpuset', 'cpuset.cpus', cpu?.cpus),
  write('cpuset', 'cpuset.mems', cpu?.mems),
  write('pids', 'pids.max', pids && (pids.limit < 0 ? 'max' : pids.limit)),
];

const throttlesV1 = (file: string, throttles: OciThrottle[] = []): LimitWrite[][] =>
  throttles.map(({ major, minor, rate }) => write('blkio', file, `${major}:${minor} ${rate}`));

function v2Writes(
  { memory, cpu, pids, blockIO }: OciResources,
  resources: Resources,
  current: CurrentLimits,
): LimitWrite[][] {
  return [
    write('memory', 'memory.max', memory?.limit),
    write('memory', 'memory.swap.max', swapV2(resources, current)),
    write('memory', 'memory.low', memory?.reservation),
    write('cpu', 'cpu.weight', cpu?.shares && cpuWeight(cpu.shares)),
    write('cpu', 'cpu.max', bandwidthV2(cpu, current)),
    ...cpusetAndPids(cpu, pids),
    write('io', ['io.bfq.weight', 'io.weight'], blockIO?.weight && ioWeight(blockIO.weight)),
    ...(blockIO?.weightDevice ?? []).map(({ major, minor, weight }) =>
      write('io', ['io.bfq.weight', 'io.weight'], `${major}:${minor} ${ioWeight(weight)}`),
    ),
    ...throttlesV2('rbps', blockIO?.throttleReadBpsDevice),
    ...throttlesV2('wbps', blockIO?.throttleWriteBpsDevice),
    ...throttlesV2('riops', blockIO?.throttleReadIOPSDevice),
    ...throttlesV2('wiops', blockIO?.throttleWriteIOPSDevice),
  ];
}

/** Docker counts memory and swap together, cgroup v2 counts swap alone. */
function swapV2({ memoryBytes, memorySwapBytes }: Resources, current: CurrentLimits): number | string | undefined {
  if (memorySwapBytes === 0) return undefined;
  if (memorySwapBytes < 0) return 'max';
  const memory = memoryBytes > 0 ? memoryBytes : current.memoryBytes;
  return memory === undefined ? undefined : Math.max(0, memorySwapBytes - memory);
}

function bandwidthV2(cpu: OciResources['cpu'], current: CurrentLimits): string | undefined {
  if (cpu?.quota === undefined && cpu?.period === undefined) return undefined;
  const quota = cpu.quota ?? current.cpuQuotaUs ?? -1;
  return `${quota > 0 ? quota : 'max'} ${cpu.period ?? current.cpuPeriodUs ?? 100_000}`;
}

/** 2..262144 shares of cgroup v1 to 1..10000 of weight, as the OCI runtimes convert. */
export const cpuWeight = (shares: number): number =>
  1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142);

/** 10..1000 of cgroup v1 to 1..10000, as the OCI runtimes convert. */
export const ioWeight = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);

const throttlesV2 = (key: string, throttles: OciThrottle[] = []): LimitWrite[][] =>
  throttles.map(({ major, minor, rate }) => write('io', 'io.max', `${major}:${minor} ${key}=${rate}`));
