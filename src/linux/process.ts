// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { libcCall, systemCall } from '#linux/ffi.ts';

export const PR_SET_DUMPABLE = 4;
export const PR_SET_NAME = 15;
export const PR_GET_SECCOMP = 21;
export const PR_SET_CHILD_SUBREAPER = 36;
export const PR_GET_CHILD_SUBREAPER = 37;

const libcPrctl = libcCall('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);

/** prctl(2) with numbers only. */
export const prctl = (option: number, a = 0, b = 0, c = 0, d = 0): number => libcPrctl(undefined, option, a, b, c, d);

/** A set of capabilities as the kernel numbers them: bit n is capability n. */
export interface CapabilitySets {
  permitted: bigint;
  effective: bigint;
  inheritable: bigint;
  bounding: bigint;
  ambient: bigint;
}

/** Of the calling process, or of `pid`. */
export function capabilitySets(pid: number | 'self' = 'self'): CapabilitySets {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return {
    permitted: set('CapPrm'),
    effective: set('CapEff'),
    inheritable: set('CapInh'),
    bounding: set('CapBnd'),
    ambient: set('CapAmb'),
  };
}

/** Numbers of the resource limits, by name without `RLIMIT_`; the same on x86-64 and arm64. */
export const RLIMITS = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type RlimitName = keyof typeof RLIMITS;

const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;
const libcPrlimit = libcCall('prlimit', 'int', ['int', 'int', 'pointer', 'pointer']);

/** The limits of a process (0 is the caller); `Infinity` where there is none. */
export function getRlimit(name: RlimitName, pid = 0): { soft: number; hard: number } {
  const raw = Buffer.alloc(16);
  libcPrlimit(undefined, pid, RLIMITS[name], null, raw);
  const value = (offset: number): number => {
    const limit = raw.readBigUInt64LE(offset);
    return limit === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(limit);
  };
  return { soft: value(0), hard: value(8) };
}

const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

/** A descriptor that stands for this very process, also after its number was given to another one. */
export const pidfdOpen = (pid: number): number => systemCall('pidfd_open', SYS_PIDFD_OPEN, `${pid}`, pid, 0);

export function pidfdSendSignal(pidfd: number, signal: number): void {
  systemCall('pidfd_send_signal', SYS_PIDFD_SEND_SIGNAL, undefined, pidfd, signal, null, 0);
}
