// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from 'node:fs';
import type { LimitFeatures } from '#model/system.ts';
import type { HostFacts, LimitFeature } from '#runtime/types.ts';

type Limits = Pick<HostFacts, 'limits' | 'cgroupVersion'>;

const has = ({ limits }: Limits, feature: LimitFeature): boolean => limits === undefined || limits.has(feature);

export const featuresOf = (host: Limits, ipv4Forwarding: boolean): LimitFeatures => ({
  memoryLimit: has(host, 'memory'),
  swapLimit: has(host, 'swap'),
  cpuCfsPeriod: has(host, 'cpu-cfs'),
  cpuCfsQuota: has(host, 'cpu-cfs'),
  cpuShares: has(host, 'cpu-shares'),
  cpuSet: has(host, 'cpuset'),
  pidsLimit: has(host, 'pids'),
  oomKillDisable: host.cgroupVersion === 1 && has(host, 'oom-kill-disable'),
  ipv4Forwarding,
});

/** Can change while the engine runs. */
export function isForwardingIpv4(path = '/proc/sys/net/ipv4/ip_forward'): boolean {
  try {
    return readFileSync(path, 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

/** What `docker info` warns of, in Docker's words and order. */
export function featureWarnings(features: LimitFeatures, host: Limits): string[] {
  const isV2 = host.cgroupVersion === 2;
  const missing: [isMissing: boolean, words: string][] = [
    [!features.memoryLimit, 'No memory limit support'],
    [!features.swapLimit, 'No swap limit support'],
    [!features.oomKillDisable && !isV2, 'No oom kill disable support'],
    [!features.cpuCfsQuota, 'No cpu cfs quota support'],
    [!features.cpuCfsPeriod, 'No cpu cfs period support'],
    [!features.cpuShares, 'No cpu shares support'],
    [!features.cpuSet, 'No cpuset support'],
    [!has(host, 'blkio-weight') && isV2, 'No io.weight support'],
    [!has(host, 'blkio-weight-device') && isV2, 'No io.weight (per device) support'],
    [!has(host, 'blkio-read-bps'), isV2 ? 'No io.max (rbps) support' : throttle('read_bps_device')],
    [!has(host, 'blkio-write-bps'), isV2 ? 'No io.max (wbps) support' : throttle('write_bps_device')],
    [!has(host, 'blkio-read-iops'), isV2 ? 'No io.max (riops) support' : throttle('read_iops_device')],
    [!has(host, 'blkio-write-iops'), isV2 ? 'No io.max (wiops) support' : throttle('write_iops_device')],
    [!features.ipv4Forwarding, 'IPv4 forwarding is disabled'],
  ];
  return missing.filter(([isMissing]) => isMissing).map(([, words]) => `WARNING: ${words}`);
}

const throttle = (file: string): string => `No blkio throttle.${file} support`;

/** How containers are confined by default, as `docker info` lists it. */
export function securityOptions(
  host: Pick<HostFacts, 'apparmor' | 'seccomp' | 'cgroupVersion'>,
  defaults: { seccompProfile: string; noNewPrivileges: boolean; cgroupnsMode: '' | 'private' | 'host' },
  hasCgroupNamespaces = existsSync('/proc/self/ns/cgroup'),
): string[] {
  const isGroupPrivate = defaults.cgroupnsMode === '' ? host.cgroupVersion === 2 : defaults.cgroupnsMode === 'private';
  return [
    ...(host.apparmor ? ['name=apparmor'] : []),
    ...(host.seccomp === false ? [] : [`name=seccomp,profile=${defaults.seccompProfile || 'builtin'}`]),
    ...(hasCgroupNamespaces && isGroupPrivate ? ['name=cgroupns'] : []),
    ...(defaults.noNewPrivileges ? ['name=no-new-privileges'] : []),
  ];
}
