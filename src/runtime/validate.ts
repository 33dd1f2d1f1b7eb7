// SPDX-License-Identifier: Apache-2.0
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { ContainerConfig, HostConfig, RestartPolicy } from '#model/container.ts';
import { normalizeCapabilities } from '#runtime/spec/capabilities.ts';
import { parseDeviceRule } from '#runtime/spec/devices.ts';
import { checkUlimits } from '#runtime/spec/rlimits.ts';
import { parseSeccompProfile } from '#runtime/spec/seccomp-profile.ts';
import { parseSecurityOptions } from '#runtime/spec/security-options.ts';
import { checkSysctl } from '#runtime/spec/sysctls.ts';
import type { HostFacts } from '#runtime/types.ts';
import { validateMounts } from '#runtime/validate-mounts.ts';
import { validateResources } from '#runtime/validate-resources.ts';

/** HOST_NAME_MAX of Linux. */
const MAX_HOSTNAME_BYTES = 64;

/**
 * Refuses a container that could not be started as it was asked for, in Docker's words, before anything of it exists.
 * `config` is as the caller gave it: a host name that the engine chose would count as a conflicting option.
 */
export function validateHostConfig(
  config: Pick<ContainerConfig, 'hostname' | 'exposedPorts'>,
  hostConfig: HostConfig,
  host: HostFacts,
): void {
  checkNetworkConflicts(config, hostConfig);
  if (hostConfig.autoRemove && !['', 'no'].includes(hostConfig.restartPolicy.name)) {
    throw invalidParameter("can't create 'AutoRemove' container with restart policy");
  }
  validateMounts(hostConfig.mounts);
  validateRestartPolicy(hostConfig.restartPolicy);
  checkCapabilities(hostConfig, host);
  if (Object.hasOwn(hostConfig.annotations, '')) {
    throw invalidParameter('invalid Annotations: the empty string is not permitted as an annotation key');
  }
  if (Buffer.byteLength(config.hostname) > MAX_HOSTNAME_BYTES) {
    throw invalidParameter(
      `hostname ${JSON.stringify(config.hostname)} is too long (maximum ${MAX_HOSTNAME_BYTES} bytes)`,
    );
  }
  validateResources(hostConfig, host);
  checkModes(hostConfig);
  checkProcessOptions(hostConfig);
}

/** Refuses what `--restart` can't mean. */
export function validateRestartPolicy({ name, maximumRetryCount }: RestartPolicy): void {
  const policy: string = name;
  if (policy === '') return;
  if (policy === 'on-failure') {
    if (maximumRetryCount < 0) {
      throw invalidParameter('invalid restart policy: maximum retry count cannot be negative');
    }
    return;
  }
  if (!['no', 'always', 'unless-stopped'].includes(policy)) {
    throw invalidParameter(
      `invalid restart policy: unknown policy '${policy}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (maximumRetryCount === 0) return;
  const negative = maximumRetryCount < 0 ? ' and cannot be negative' : '';
  throw invalidParameter(`invalid restart policy: maximum retry count can only be used with 'on-failure'${negative}`);
}

function checkNetworkConflicts(
  { hostname, exposedPorts }: Pick<ContainerConfig, 'hostname' | 'exposedPorts'>,
  hostConfig: HostConfig,
): void {
  const { networkMode, utsMode } = hostConfig;
  if (networkMode === 'container' || networkMode.startsWith('container:')) {
    if (networkMode.slice('container:'.length) === '') {
      throw invalidParameter('invalid network mode: invalid container format container:<name|id>');
    }
    const conflicts: [boolean, string][] = [
      [hostname !== '', 'hostname and the network mode'],
      [hostConfig.dns.length > 0, 'dns and the network mode'],
      [hostConfig.extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
      [
        Object.keys(hostConfig.portBindings).length > 0 || hostConfig.publishAllPorts,
        'port publishing and the container type network mode',
      ],
      [exposedPorts.length > 0, 'port exposing and the container type network mode'],
    ];
    const [found] = conflicts.filter(([isGiven]) => isGiven);
    if (found) throw invalidParameter(`conflicting options: ${found[1]}`);
  }
  if (utsMode === 'host' && hostname !== '') {
    throw invalidParameter('conflicting options: hostname and the UTS mode');
  }
}

function checkCapabilities({ capAdd, capDrop }: HostConfig, host: HostFacts): void {
  for (const [field, names] of [['CapAdd', capAdd] as const, ['CapDrop', capDrop] as const]) {
    try {
      normalizeCapabilities(names, host);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw invalidParameter(`invalid ${field}: ${error.message}`, { cause: error });
    }
  }
}

const isSharedWith = (mode: string): boolean => mode.startsWith('container:') && mode.length > 'container:'.length;

function checkModes({ ipcMode, pidMode, utsMode, cgroupnsMode, shmSizeBytes, oomScoreAdj }: HostConfig): void {
  const modes: [kind: string, mode: string, plain: string[], mayShare: boolean][] = [
    ['IPC', ipcMode, ['', 'none', 'private', 'shareable', 'host'], true],
    ['PID', pidMode, ['', 'host'], true],
    ['UTS', utsMode, ['', 'host'], false],
    ['cgroup namespace', cgroupnsMode, ['', 'private', 'host'], false],
  ];
  for (const [kind, mode, plain, mayShare] of modes) {
    if (!plain.includes(mode) && !(mayShare && isSharedWith(mode))) {
      throw invalidParameter(`invalid ${kind} mode: ${mode}`);
    }
  }
  if (shmSizeBytes < 0) throw invalidParameter('SHM size can not be less than 0');
  if (oomScoreAdj < -1000 || oomScoreAdj > 1000) {
    throw invalidParameter(`Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
}

function checkProcessOptions(hostConfig: HostConfig): void {
  const { seccomp } = parseSecurityOptions(hostConfig.securityOpt);
  if (seccomp && seccomp !== 'unconfined' && seccomp !== 'builtin') parseSeccompProfile(seccomp);
  checkUlimits(hostConfig.ulimits);
  for (const rule of hostConfig.deviceCgroupRules) parseDeviceRule(rule);
  const namespaces = {
    network: hostConfig.networkMode,
    ipc: hostConfig.ipcMode,
    uts: hostConfig.utsMode,
  };
  for (const name of Object.keys(hostConfig.sysctls)) checkSysctl(name, namespaces);
}
