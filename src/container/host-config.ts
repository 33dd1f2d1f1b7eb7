// SPDX-License-Identifier: Apache-2.0
import type { ContainerOptions } from '#container/deps.ts';
import type { FindContainer } from '#container/namespaces.ts';
import { withId } from '#container/network-mode.ts';
import type { HostConfig } from '#model/container.ts';

/** The caller's wishes with the engine's defaults in the places that were left open, so that later changes of those don't matter. */
export function completeHostConfig(
  hostConfig: HostConfig,
  engine: { options: ContainerOptions; cgroupVersion: 1 | 2; find: FindContainer },
): HostConfig {
  const { options, find } = engine;
  return {
    ...hostConfig,
    memorySwapBytes: defaultSwap(hostConfig),
    shmSizeBytes: hostConfig.shmSizeBytes || options.defaultShmSizeBytes,
    ipcMode: withId(hostConfig.ipcMode || options.defaultIpcMode, find),
    pidMode: withId(hostConfig.pidMode, find),
    cgroupnsMode: hostConfig.cgroupnsMode || defaultCgroupns(hostConfig, engine),
    securityOpt: completeSecurity(hostConfig.securityOpt, options),
    runtime: hostConfig.runtime || options.defaultRuntime,
  };
}

/** Twice the memory, swap included. */
const defaultSwap = ({ memoryBytes, memorySwapBytes }: HostConfig): number =>
  memoryBytes > 0 && memorySwapBytes === 0 ? memoryBytes * 2 : memorySwapBytes;

function defaultCgroupns(
  { privileged }: HostConfig,
  { options, cgroupVersion }: { options: ContainerOptions; cgroupVersion: 1 | 2 },
): 'private' | 'host' {
  if (cgroupVersion === 1 && privileged) return 'host';
  return options.defaultCgroupnsMode ?? (cgroupVersion === 1 ? 'host' : 'private');
}

function completeSecurity(securityOpt: string[], options: ContainerOptions): string[] {
  const names = (name: string) => securityOpt.some((option) => option.startsWith(name));
  const seccomp = options.defaultSeccompProfile;
  const added = [
    ...(seccomp === 'builtin' || names('seccomp') ? [] : [`seccomp=${seccomp}`]),
    ...(!options.noNewPrivileges || names('no-new-privileges') ? [] : ['no-new-privileges']),
  ];
  return [...securityOpt, ...added];
}
