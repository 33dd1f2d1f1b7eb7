// SPDX-License-Identifier: Apache-2.0
import { rfc3339, ZERO_TIME } from '#api/timestamp.ts';
import type { ApiVersion } from '#api/version.ts';
import type { NetworkCounters, StatsSample } from '#model/system.ts';
import type { ContainerStatsResponse } from '#wire/types.gen.ts';

/** One container's counters at one moment; without a sample those of one that does not run. */
export interface Reading {
  id: string;
  name: string;
  sample: StatsSample | undefined;
}

type CpuStats = NonNullable<ContainerStatsResponse['cpu_stats']>;

/** `GET /containers/{id}/stats`: a sample beside the one before it, from which clients work out percentages. */
export function toStats(
  { id, name, sample }: Reading,
  previous: StatsSample | undefined,
  version: ApiVersion,
): ContainerStatsResponse {
  return {
    id,
    name: `/${name}`,
    ...(version.since('1.52') && { os_type: 'linux' }),
    read: sample ? rfc3339(sample.read) : ZERO_TIME,
    cpu_stats: cpuStats(sample),
    memory_stats: memoryStats(sample),
    ...(sample && Object.keys(sample.networks).length > 0 && { networks: mapValues(sample.networks, toNetwork) }),
    pids_stats: pidsStats(sample),
    blkio_stats: blkioStats(sample),
    num_procs: 0,
    storage_stats: {},
    preread: previous ? rfc3339(previous.read) : ZERO_TIME,
    precpu_stats: cpuStats(previous),
  };
}

function cpuStats(sample: StatsSample | undefined): CpuStats {
  const cpu = sample?.cpu;
  const { periods = 0, throttledPeriods = 0, throttledTimeNs = 0 } = cpu?.throttling ?? {};
  return {
    cpu_usage: {
      total_usage: cpu?.totalUsageNs ?? 0,
      ...(cpu?.perCpuUsageNs && { percpu_usage: cpu.perCpuUsageNs }),
      usage_in_kernelmode: cpu?.systemNs ?? 0,
      usage_in_usermode: cpu?.userNs ?? 0,
    },
    ...(cpu && { system_cpu_usage: cpu.systemUsageNs, online_cpus: cpu.onlineCpus }),
    throttling_data: { periods, throttled_periods: throttledPeriods, throttled_time: throttledTimeNs },
  };
}

function memoryStats(sample: StatsSample | undefined): ContainerStatsResponse['memory_stats'] {
  const memory = sample?.memory;
  if (!memory) return {};
  return {
    usage: memory.usageBytes,
    ...(memory.maxUsageBytes !== undefined && { max_usage: memory.maxUsageBytes }),
    stats: memory.stat,
    ...(memory.failCount !== undefined && { failcnt: memory.failCount }),
    limit: memory.limitBytes,
  };
}

function pidsStats(sample: StatsSample | undefined): ContainerStatsResponse['pids_stats'] {
  const { current, limit } = sample?.pids ?? {};
  return { ...(current !== undefined && { current }), ...(limit !== undefined && { limit }) };
}

/** The counters of CFQ, which Linux no longer has, stay empty: lists with v1 control groups, null with v2. */
function blkioStats(sample: StatsSample | undefined): ContainerStatsResponse['blkio_stats'] {
  const empty = sample?.cgroupVersion === 1 ? [] : null;
  const orEmpty = <T>(list: T[] | undefined) => (list && list.length > 0 ? list : empty);
  const stats = {
    io_service_bytes_recursive: orEmpty(sample?.blkio.ioServiceBytes),
    io_serviced_recursive: orEmpty(sample?.blkio.ioServiced),
    io_queue_recursive: empty,
    io_service_time_recursive: empty,
    io_wait_time_recursive: empty,
    io_merged_recursive: empty,
    io_time_recursive: empty,
    sectors_recursive: empty,
  };
  // The specification says that some of them can be null, and forgets the first.
  return stats as ContainerStatsResponse['blkio_stats'];
}

const toNetwork = (counters: NetworkCounters) => ({
  rx_bytes: counters.rxBytes,
  rx_packets: counters.rxPackets,
  rx_errors: counters.rxErrors,
  rx_dropped: counters.rxDropped,
  tx_bytes: counters.txBytes,
  tx_packets: counters.txPackets,
  tx_errors: counters.txErrors,
  tx_dropped: counters.txDropped,
});

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
