// SPDX-License-Identifier: Apache-2.0
import type { ContainerOptions } from '#container/deps.ts';
import type { FindContainer } from '#container/namespaces.ts';
import { withId } from '#container/network-mode.ts';
import type { HostConfig } from '#model/container.ts';
import { systemPaths } from '#runtime/spec/paths.ts';
import { parseSecurityOptions } from '#runtime/spec/security-options.ts';
import type { HostFacts } from '#runtime/types.ts';

/** The caller's wishes with the engine's defaults in the places that were left open, so that later changes of those don't matter. */
export function completeHostConfig(
  hostConfig: HostConfig,
  engine: { options: ContainerOptions; host: HostFacts; find: FindContainer },
): HostConfig {
  const { options, host, find } = engine;
  return {
    ...hostConfig,
    memorySwapBytes: defaultSwap(hostConfig),
    shmSizeBytes: hostConfig.shmSizeBytes || options.defaultShmSizeBytes,
    ipcMode: withId(hostConfig.ipcMode || options.defaultIpcMode, find),
    pidMode: withId(hostConfig.pidMode, find),
    cgroupnsMode:
      hostConfig.cgroupnsMode || defaultCgroupns(hostConfig, { options, cgroupVersion: host.cgroupVersion }),
    securityOpt: completeSecurity(hostConfig.securityOpt, options),
    ...hiddenPaths(hostConfig, host),
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

/** A privileged container keeps its lists open: it hides nothing, whatever is hidden by default. */
function hiddenPaths(hostConfig: HostConfig, host: HostFacts): Pick<HostConfig, 'maskedPaths' | 'readonlyPaths'> {
  if (hostConfig.privileged) return {};
  const { masked, readonly } = systemPaths(hostConfig, parseSecurityOptions(hostConfig.securityOpt), host);
  return { maskedPaths: masked, readonlyPaths: readonly };
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
