// SPDX-License-Identifier: Apache-2.0

/** The fields of Docker's JSON that the command line reads or writes. An engine may leave any of them out or send null. */

export type Nullable<T> = T | null | undefined;
export type Labels = Nullable<Record<string, string>>;

export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

export interface ContainerSummary {
  Id: string;
  Names: Nullable<string[]>;
  Image: string;
  ImageID: string;
  ImageManifestDescriptor?: Nullable<{ platform?: PlatformJson }>;
  Command: string;
  Created: number;
  Ports: Nullable<PortSummary[]>;
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Labels;
  State: string;
  Status: string;
  NetworkSettings?: Nullable<{ Networks?: Nullable<Record<string, unknown>> }>;
  Mounts?: Nullable<{ Name?: string; Source?: string; Driver?: string }[]>;
}

export interface PlatformJson {
  os: string;
  architecture: string;
  variant?: string;
  'os.version'?: string;
}

export interface ContainerInspect {
  Id: string;
  Name: string;
  State: { Running?: boolean; Paused?: boolean; Restarting?: boolean };
  Config: { Tty?: boolean; OpenStdin?: boolean };
  HostConfig: { AutoRemove?: boolean };
  NetworkSettings?: Nullable<{ Ports?: Nullable<Record<string, Nullable<{ HostIp: string; HostPort: string }[]>>> }>;
}

export interface CreateAnswer {
  Id: string;
  Warnings?: Nullable<string[]>;
}

export interface WaitAnswer {
  StatusCode: number;
  Error?: Nullable<{ Message: string }>;
}

export interface TopAnswer {
  Titles: string[];
  Processes: Nullable<string[][]>;
}

export interface FilesystemChange {
  Path: string;
  /** 0 modified, 1 added, 2 deleted. */
  Kind: number;
}

export interface ContainerPrune {
  ContainersDeleted: Nullable<string[]>;
  SpaceReclaimed: number;
}

export interface ImagePrune {
  ImagesDeleted: Nullable<ImageDeletionJson[]>;
  SpaceReclaimed: number;
}

export interface ImageDeletionJson {
  Untagged?: string;
  Deleted?: string;
}

export interface ImageSummary {
  Id: string;
  RepoTags: Nullable<string[]>;
  RepoDigests: Nullable<string[]>;
  Created: number;
  Size: number;
  SharedSize: number;
  Containers: number;
  Labels?: Labels;
  Manifests?: Nullable<ImageManifest[]>;
}

export interface ImageManifest {
  ID: string;
  Available: boolean;
  Kind: string;
  Size?: { Content: number; Total: number };
  ImageData?: Nullable<{ Platform: PlatformJson; Containers: Nullable<string[]>; Size?: { Unpacked: number } }>;
}

export interface HistoryItem {
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: Nullable<string[]>;
  Size: number;
  Comment: string;
}

export interface EventJson {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Labels };
  time?: number;
  timeNano?: number | bigint;
}

export interface VolumeJson {
  Name: string;
  Driver: string;
  Mountpoint?: string;
  Scope?: string;
  Labels?: Labels;
  UsageData?: Nullable<{ Size: number; RefCount: number }>;
}

export interface BuildCacheJson {
  ID: string;
  Parents?: Nullable<string[]>;
  Type: string;
  Description?: string;
  Size: number;
  InUse: boolean;
  Shared: boolean;
  CreatedAt?: string;
  LastUsedAt?: Nullable<string>;
  UsageCount?: number;
}

export interface DiskUsageJson {
  LayersSize: number;
  Images: Nullable<ImageSummary[]>;
  Containers: Nullable<ContainerSummary[]>;
  Volumes: Nullable<VolumeJson[]>;
  BuildCache: Nullable<BuildCacheJson[]>;
}

export interface StatsJson {
  id?: string;
  name?: string;
  os_type?: string;
  cpu_stats?: CpuStatsJson;
  precpu_stats?: CpuStatsJson;
  memory_stats?: { usage?: number; limit?: number; stats?: Nullable<Record<string, number>> };
  blkio_stats?: { io_service_bytes_recursive?: Nullable<{ op: string; value: number }[]> };
  pids_stats?: { current?: number };
  networks?: Nullable<Record<string, { rx_bytes: number; tx_bytes: number }>>;
}

export interface CpuStatsJson {
  cpu_usage?: { total_usage?: number; percpu_usage?: Nullable<number[]> };
  system_cpu_usage?: number;
  online_cpus?: number;
}

export interface VersionJson {
  Platform?: { Name: string };
  Components?: Nullable<{ Name: string; Version: string; Details?: Nullable<Record<string, string>> }[]>;
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  GitCommit?: string;
  GoVersion?: string;
  Os?: string;
  Arch?: string;
  KernelVersion?: string;
  Experimental?: boolean;
  BuildTime?: string;
}

/** One line of a progress stream. */
export interface ProgressJson {
  stream?: string;
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: Nullable<{ current?: number; total?: number; hidecounts?: boolean; units?: string }>;
  error?: string;
  errorDetail?: Nullable<{ code?: number; message?: string }>;
  aux?: unknown;
}

/** Filter name to its values, as `filters={"name":["a"]}`. */
export type FilterMap = ReadonlyMap<string, readonly string[]>;
