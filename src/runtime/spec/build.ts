// SPDX-License-Identifier: Apache-2.0
import { supportedResources } from '#runtime/host-warnings.ts';
import { containerCapabilities } from '#runtime/spec/capabilities.ts';
import { containerDevices } from '#runtime/spec/devices.ts';
import { type HostProbe, hostProbe } from '#runtime/spec/host-probe.ts';
import { containerMounts } from '#runtime/spec/mounts.ts';
import { containerNamespaces } from '#runtime/spec/namespaces.ts';
import type { ContainerSpec, OciLinux } from '#runtime/spec/oci.ts';
import { systemPaths } from '#runtime/spec/paths.ts';
import { containerProcess } from '#runtime/spec/process.ts';
import { ociResources, withDefaultSwap } from '#runtime/spec/resources.ts';
import { containerSeccomp } from '#runtime/spec/seccomp.ts';
import { parseSecurityOptions, type SecurityOptions } from '#runtime/spec/security-options.ts';
import { containerSysctls } from '#runtime/spec/sysctls.ts';
import type { SpecInput } from '#runtime/types.ts';

/** The newest version that both crun 1.8 and runc 1.1 take. */
const OCI_VERSION = '1.0.2';

/**
 * Writes a container's `config.json`. The same input gives the same specification, but for what `probe` finds on the host
 * (device numbers, propagation of mounts). Throws an `EngineError` for what can't be honoured. Write it with
 * `JSON.stringify` in the same thread: 64-bit limits don't survive a structured clone.
 */
export function buildSpec(input: SpecInput, probe: HostProbe = hostProbe): ContainerSpec {
  const { config, hostConfig, namespaces } = input;
  const security = parseSecurityOptions(hostConfig.securityOpt);
  const { mounts, rootfsPropagation } = containerMounts(input, security, probe);
  return {
    ociVersion: OCI_VERSION,
    process: containerProcess(input, security),
    root: { path: input.rootfs, readonly: hostConfig.readonlyRootfs },
    ...(namespaces.uts === 'private' ? { hostname: config.hostname } : {}),
    mounts,
    linux: { ...linuxSection(input, security, probe), ...(rootfsPropagation ? { rootfsPropagation } : {}) },
    ...(Object.keys(hostConfig.annotations).length > 0 ? { annotations: hostConfig.annotations } : {}),
  };
}

function linuxSection(input: SpecInput, security: SecurityOptions, probe: HostProbe): OciLinux {
  const { hostConfig, host } = input;
  const { devices, rules } = containerDevices(hostConfig, host, probe);
  const { masked, readonly } = systemPaths(hostConfig, security, host);
  const capabilities = containerCapabilities(hostConfig, host);
  const seccomp = containerSeccomp(security.seccomp, hostConfig.privileged, capabilities, host);
  const { resources } = supportedResources(withDefaultSwap(hostConfig), host);
  return {
    namespaces: containerNamespaces(input.namespaces),
    cgroupsPath: input.cgroupsPath,
    resources: { devices: rules, ...ociResources(resources, probe) },
    devices,
    sysctl: containerSysctls(input, probe),
    maskedPaths: masked,
    readonlyPaths: readonly,
    ...(seccomp ? { seccomp } : {}),
  };
}
