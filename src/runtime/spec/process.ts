// SPDX-License-Identifier: Apache-2.0
import type { HostConfig, Ulimit } from '#model/container.ts';
import { capabilitySets, containerCapabilities } from '#runtime/spec/capabilities.ts';
import { INIT_TARGET, usesInit } from '#runtime/spec/mounts.ts';
import type { OciProcess, OciUser } from '#runtime/spec/oci.ts';
import { containerRlimits } from '#runtime/spec/rlimits.ts';
import { parseSecurityOptions, type SecurityOptions } from '#runtime/spec/security-options.ts';
import type { HostFacts, ResolvedUser, SpecInput } from '#runtime/types.ts';

export const DEFAULT_APPARMOR_PROFILE = 'docker-default';

/** Input of `buildExecProcess`. */
export interface ExecProcessInput {
  argv: string[];
  env: string[];
  cwd: string;
  user: ResolvedUser;
  tty: boolean;
  consoleSize?: [rows: number, columns: number];
  /** `docker exec --privileged`: all capabilities; the container's filter and profile stay. */
  privileged: boolean;
  /** Of the container it runs in. */
  hostConfig: HostConfig;
  defaultUlimits: Ulimit[];
  host: HostFacts;
}

/** The container's first process. */
export function containerProcess(input: SpecInput, security: SecurityOptions): OciProcess {
  const { config, hostConfig, host, argv } = input;
  return {
    terminal: config.tty,
    ...consoleSize(config.tty, hostConfig.consoleSize),
    user: ociUser(input.user),
    args: usesInit(input) ? [INIT_TARGET, '--', ...argv] : argv,
    env: input.env,
    cwd: input.cwd || '/',
    capabilities: capabilitySets(containerCapabilities(hostConfig, host)),
    ...confinement(hostConfig, security, host, input.defaultUlimits),
  };
}

/** `process.json` of a further process in a running container. */
export function buildExecProcess(input: ExecProcessInput): OciProcess {
  const { hostConfig, host } = input;
  const security = parseSecurityOptions(hostConfig.securityOpt);
  const capabilities = containerCapabilities(input.privileged ? { ...hostConfig, privileged: true } : hostConfig, host);
  return {
    terminal: input.tty,
    ...consoleSize(input.tty, input.consoleSize),
    user: ociUser(input.user),
    args: input.argv,
    env: input.env,
    cwd: input.cwd || '/',
    capabilities: capabilitySets(capabilities),
    ...confinement(hostConfig, security, host, input.defaultUlimits),
  };
}

function confinement(
  hostConfig: HostConfig,
  security: SecurityOptions,
  host: HostFacts,
  defaultUlimits: readonly Ulimit[],
): Pick<OciProcess, 'noNewPrivileges' | 'oomScoreAdj' | 'rlimits' | 'apparmorProfile'> {
  const rlimits = containerRlimits(hostConfig.ulimits, defaultUlimits, host);
  const apparmorProfile = containerApparmorProfile(hostConfig.privileged, security, host);
  return {
    noNewPrivileges: security.noNewPrivileges,
    oomScoreAdj: hostConfig.oomScoreAdj,
    ...(rlimits.length > 0 ? { rlimits } : {}),
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
  };
}

/** The profile that confines a container, where the host has AppArmor. */
export function containerApparmorProfile(
  privileged: boolean,
  security: Pick<SecurityOptions, 'apparmor'>,
  host: Pick<HostFacts, 'apparmor'>,
): string | undefined {
  if (!host.apparmor) return undefined;
  return security.apparmor || (privileged ? 'unconfined' : DEFAULT_APPARMOR_PROFILE);
}

function ociUser({ uid, gid, additionalGids }: ResolvedUser): OciUser {
  return { uid, gid, additionalGids: [...new Set([gid, ...additionalGids])] };
}

function consoleSize(tty: boolean, size: [rows: number, columns: number] | undefined): Pick<OciProcess, 'consoleSize'> {
  const [height, width] = size ?? [0, 0];
  return tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {};
}
