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

/** The machine, as `docker info` shows it. */
export interface HostDescription {
  kernelVersion: string;
  operatingSystem: string;
  osVersion: string;
  osType: 'linux';
  /** `x86_64`, `aarch64`. */
  machine: string;
  /** `amd64`, `arm64`. */
  architecture: string;
  cpus: number;
  memoryBytes: number;
}

/** What the host's control groups can limit, in the terms of `docker info`. */
export interface LimitFeatures {
  memoryLimit: boolean;
  swapLimit: boolean;
  cpuCfsPeriod: boolean;
  cpuCfsQuota: boolean;
  cpuShares: boolean;
  cpuSet: boolean;
  pidsLimit: boolean;
  oomKillDisable: boolean;
  ipv4Forwarding: boolean;
}

/** What is true of this engine and its host; `api` makes `GET /info` and `GET /version` of it. */
export interface SystemInfo {
  id: string;
  name: string;
  version: string;
  gitCommit: string;
  builtAt: string;
  startedAt: Date;
  containers: { total: number; running: number; paused: number; stopped: number };
  images: number;
  storageDriver: string;
  storageStatus: [string, string][];
  dataRoot: string;
  logDrivers: string[];
  loggingDriver: string;
  networkDrivers: string[];
  volumeDrivers: string[];
  cgroup: { driver: 'cgroupfs' | 'systemd'; version: 1 | 2 };
  host: HostDescription;
  features: LimitFeatures;
  runtimes: Record<string, { path: string; args: string[]; version: string }>;
  defaultRuntime: string;
  runtimeVersion: { name: string; version: string; commit: string };
  initBinary: string;
  securityOptions: string[];
  labels: string[];
  liveRestore: boolean;
  debug: boolean;
  experimental: boolean;
  eventListeners: number;
  fileDescriptors: number;
  registry: { insecure: string[]; mirrors: string[] };
  warnings: string[];
}
