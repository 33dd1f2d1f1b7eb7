// SPDX-License-Identifier: Apache-2.0

/** Counters of one container at one moment, read from its control groups. Absent where the host has no such controller. */
export interface StatsSample {
  read: Date;
  pids: { current?: number; limit?: number };
  cpu: {
    totalUsageNs: number;
    perCpuUsageNs?: number[];
    userNs: number;
    systemNs: number;
    /** Of the whole host, in ns over all CPUs, from /proc/stat. */
    systemUsageNs: number;
    onlineCpus: number;
    throttling: { periods: number; throttledPeriods: number; throttledTimeNs: number };
  };
  memory?: {
    usageBytes: number;
    maxUsageBytes?: number;
    limitBytes: number;
    failCount?: number;
    /** The file memory.stat as it is. */
    stat: Record<string, number>;
  };
  /** Rows of `io_service_bytes_recursive` and `io_serviced_recursive`. */
  blkio: { ioServiceBytes: BlkioEntry[]; ioServiced: BlkioEntry[] };
  networks: Record<string, NetworkCounters>;
  cgroupVersion: 1 | 2;
}

export interface BlkioEntry {
  major: number;
  minor: number;
  op: string;
  value: number;
}

export interface NetworkCounters {
  rxBytes: number;
  rxPackets: number;
  rxErrors: number;
  rxDropped: number;
  txBytes: number;
  txPackets: number;
  txErrors: number;
  txDropped: number;
}

/** One path that differs from the image (`docker diff`). */
export interface Change {
  path: string;
  kind: 'modified' | 'added' | 'deleted';
}

export interface ProcessTable {
  titles: string[];
  processes: string[][];
}
