// SPDX-License-Identifier: Apache-2.0
import { truncateId } from '#cli/format/reference.ts';
import { binarySize, humanSize } from '#cli/format/units.ts';
import { Row } from '#cli/template/value.ts';
import type { CpuStatsJson, StatsJson } from '#client/types.ts';

export const STATS_TITLES = {
  Container: 'CONTAINER',
  Name: 'NAME',
  ID: 'CONTAINER ID',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
};

const UNKNOWN = '--';

/** What is shown of one container: numbers made from a sample, or none while there is no valid one. */
export interface ContainerStats {
  /** As it was asked for. */
  container: string;
  id: string;
  name: string;
  usage: Usage | undefined;
}

interface Usage {
  cpuPercent: number;
  memoryBytes: number;
  memoryLimitBytes: number;
  received: number;
  sent: number;
  blockRead: number;
  blockWritten: number;
  processes: number;
}

/** One container in `stats`. */
export function statsRow(stats: ContainerStats, truncate: boolean): Row {
  const { usage } = stats;
  const shown = (text: (usage: Usage) => string, otherwise = UNKNOWN): (() => string) => {
    return () => (usage ? text(usage) : otherwise);
  };
  const pair = (a: number, b: number): string => `${humanSize(a, 3)} / ${humanSize(b, 3)}`;
  return new Row('*container.statsContext', {
    BlockIO: shown(({ blockRead, blockWritten }) => pair(blockRead, blockWritten)),
    CPUPerc: shown(({ cpuPercent }) => `${cpuPercent.toFixed(2)}%`),
    Container: () => stats.container,
    ID: () => (truncate ? truncateId(stats.id) : stats.id),
    MemPerc: shown(({ memoryBytes, memoryLimitBytes }) => {
      return `${(memoryLimitBytes === 0 ? 0 : (memoryBytes / memoryLimitBytes) * 100).toFixed(2)}%`;
    }),
    MemUsage: shown(
      ({ memoryBytes, memoryLimitBytes }) => `${binarySize(memoryBytes)} / ${binarySize(memoryLimitBytes)}`,
      '-- / --',
    ),
    Name: () => (stats.name.length > 1 ? stats.name.slice(1) : UNKNOWN),
    NetIO: shown(({ received, sent }) => pair(received, sent)),
    PIDs: shown(({ processes }) => String(processes)),
  });
}

/** What a sample says about how much a container uses. */
export function toUsage(sample: StatsJson): Usage {
  const networks = Object.values(sample.networks ?? {});
  const blocks = sample.blkio_stats?.io_service_bytes_recursive ?? [];
  const sumOf = (letter: string): number =>
    blocks.filter(({ op }) => op?.[0]?.toLowerCase() === letter).reduce((sum, { value }) => sum + Number(value), 0);
  return {
    cpuPercent: cpuPercent(sample.cpu_stats ?? {}, sample.precpu_stats ?? {}),
    memoryBytes: memoryWithoutCache(sample),
    memoryLimitBytes: Number(sample.memory_stats?.limit ?? 0),
    received: networks.reduce((sum, network) => sum + Number(network.rx_bytes), 0),
    sent: networks.reduce((sum, network) => sum + Number(network.tx_bytes), 0),
    blockRead: sumOf('r'),
    blockWritten: sumOf('w'),
    processes: Number(sample.pids_stats?.current ?? 0),
  };
}

/** The share of one CPU that was used between two samples; several busy CPUs make more than 100. */
function cpuPercent(current: CpuStatsJson, previous: CpuStatsJson): number {
  const used = Number(current.cpu_usage?.total_usage ?? 0) - Number(previous.cpu_usage?.total_usage ?? 0);
  const passed = Number(current.system_cpu_usage ?? 0) - Number(previous.system_cpu_usage ?? 0);
  const cpus = current.online_cpus || (current.cpu_usage?.percpu_usage ?? []).length;
  return used > 0 && passed > 0 ? (used / passed) * cpus * 100 : 0;
}

/** Cache that the kernel would give up at once is not counted as used. */
function memoryWithoutCache({ memory_stats: memory }: StatsJson): number {
  const usage = Number(memory?.usage ?? 0);
  const version1 = memory?.stats?.total_inactive_file;
  if (version1 !== undefined && version1 < usage) return usage - version1;
  const version2 = memory?.stats?.inactive_file ?? 0;
  return version2 < usage ? usage - version2 : usage;
}
