// SPDX-License-Identifier: Apache-2.0
import type { OciSpec } from '#runtime/types.ts';

/** The parts of the OCI runtime specification's `config.json` that Hoy writes, by the specification's own names. */

/** A number that JSON can hold and JavaScript can't, written as it stands. */
export type RawNumber = { readonly rawJSON: string };

export interface OciMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface OciDevice {
  path: string;
  type: 'c' | 'b' | 'p';
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

/** Without `major` or `minor`: any. */
export interface OciDeviceRule {
  allow: boolean;
  type?: 'a' | 'c' | 'b';
  major?: number;
  minor?: number;
  access: string;
}

export interface OciNamespace {
  type: 'mount' | 'network' | 'ipc' | 'pid' | 'uts' | 'cgroup' | 'user';
  path?: string;
}

export interface OciRlimit {
  type: string;
  soft: number | RawNumber;
  hard: number | RawNumber;
}

export interface OciUser {
  uid: number;
  gid: number;
  additionalGids?: number[];
}

/** No `inheritable` and no `ambient` set: a program gains nothing by execve(2). */
export interface OciCapabilities {
  bounding: string[];
  effective: string[];
  permitted: string[];
}

export interface OciProcess {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: OciUser;
  args: string[];
  env: string[];
  cwd: string;
  capabilities: OciCapabilities;
  noNewPrivileges: boolean;
  oomScoreAdj: number;
  rlimits?: OciRlimit[];
  apparmorProfile?: string;
}

export interface OciThrottle {
  major: number;
  minor: number;
  rate: number;
}

export interface OciResources {
  devices?: OciDeviceRule[];
  memory?: {
    limit?: number;
    reservation?: number;
    swap?: number;
    swappiness?: number;
    disableOOMKiller?: boolean;
  };
  cpu?: {
    shares?: number;
    quota?: number;
    period?: number;
    realtimeRuntime?: number;
    realtimePeriod?: number;
    cpus?: string;
    mems?: string;
  };
  pids?: { limit: number };
  blockIO?: {
    weight?: number;
    weightDevice?: { major: number; minor: number; weight: number }[];
    throttleReadBpsDevice?: OciThrottle[];
    throttleWriteBpsDevice?: OciThrottle[];
    throttleReadIOPSDevice?: OciThrottle[];
    throttleWriteIOPSDevice?: OciThrottle[];
  };
}

export interface OciSeccompCondition {
  index: number;
  value: number | RawNumber;
  valueTwo?: number | RawNumber;
  op: string;
}

export interface OciSeccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls: { names: string[]; action: string; errnoRet?: number; args?: OciSeccompCondition[] }[];
}

export interface OciLinux {
  namespaces: OciNamespace[];
  cgroupsPath: string;
  resources: OciResources;
  devices: OciDevice[];
  sysctl: Record<string, string>;
  maskedPaths: string[];
  readonlyPaths: string[];
  seccomp?: OciSeccomp;
  rootfsPropagation?: string;
}

export interface ContainerSpec extends OciSpec {
  process: OciProcess;
  root: { path: string; readonly: boolean };
  hostname?: string;
  mounts: OciMount[];
  linux: OciLinux;
  annotations?: Record<string, string>;
}
