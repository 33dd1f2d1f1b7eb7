// SPDX-License-Identifier: Apache-2.0
import { hostname as hostsOwnName } from 'node:os';
import { posix } from 'node:path';
import { stopSignalOf } from '#container/signals.ts';
import { invalidParameter } from '#core/errors.ts';
import { shortId } from '#core/ids.ts';
import type { ContainerConfig, HostConfig } from '#model/container.ts';

/** Refuses, in Docker's words, a configuration of the caller's that no container could run with. */
export function checkConfig(config: ContainerConfig): void {
  if (config.workingDir !== '' && !config.workingDir.startsWith('/')) {
    throw invalidParameter(`the working directory '${config.workingDir}' is invalid, it needs to be an absolute path`);
  }
  for (const entry of config.env) {
    if (entry === '' || entry.startsWith('=')) throw invalidParameter(`invalid environment variable: ${entry}`);
    if (entry.includes('\0')) throw invalidParameter('an environment variable contains a NUL byte');
  }
  const words = [config.user, config.workingDir, config.hostname, config.domainname];
  if ([...words, ...(config.cmd ?? []), ...(config.entrypoint ?? [])].some((word) => word.includes('\0'))) {
    throw invalidParameter('the command, user, host name or working directory contains a NUL byte');
  }
  stopSignalOf(config);
}

/** The merged configuration with what only the engine knows filled in. */
export function settleConfig(config: ContainerConfig, hostConfig: HostConfig, id: string): ContainerConfig {
  stopSignalOf(config);
  const usesHostsName = hostConfig.networkMode === 'host' || hostConfig.utsMode === 'host';
  return {
    ...config,
    hostname: config.hostname || (usesHostsName ? hostsOwnName() : shortId(id)),
    workingDir: config.workingDir === '' ? '' : cleanDirectory(config.workingDir),
  };
}

/** An image may hold any text here: it never leads above the root. */
const cleanDirectory = (path: string): string => posix.join('/', path).replace(/(.)\/$/, '$1');
