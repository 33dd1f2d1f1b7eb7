// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import type { ApiVersion } from '#api/version.ts';
import { invalidParameter } from '#core/errors.ts';
import type { ContainerConfig } from '#model/container.ts';
import type { ContainerConfig as WireConfig } from '#wire/types.gen.ts';
import { fromHealthCheck, toHealthCheck } from './health-check.ts';
import type { Mapping } from './mapping.ts';
import { toExposedPorts } from './ports.ts';
import { checkSignal } from './signals.ts';

/** HOST_NAME_MAX of Linux. */
const MAX_HOSTNAME_BYTES = 64;

/** Docker's `ContainerConfig`, with the fields of older versions. */
export type WireContainerConfig = WireConfig & { MacAddress?: string };

export function toContainerConfig(wire: WireContainerConfig, mapping: Mapping): ContainerConfig {
  const healthcheck = toHealthCheck(wire.Healthcheck, mapping);
  const workingDir = workingDirectory(wire.WorkingDir ?? '');
  return {
    hostname: hostname(wire.Hostname ?? ''),
    domainname: wire.Domainname ?? '',
    user: wire.User ?? '',
    attachStdin: wire.AttachStdin ?? false,
    attachStdout: wire.AttachStdout ?? false,
    attachStderr: wire.AttachStderr ?? false,
    exposedPorts: toExposedPorts(wire.ExposedPorts ?? undefined),
    tty: wire.Tty ?? false,
    openStdin: wire.OpenStdin ?? false,
    stdinOnce: wire.StdinOnce ?? false,
    env: (wire.Env ?? []).map(variable),
    ...(wire.Cmd && { cmd: wire.Cmd }),
    ...(wire.Entrypoint && { entrypoint: wire.Entrypoint }),
    ...(healthcheck && { healthcheck }),
    image: wire.Image ?? '',
    volumes: Object.keys(wire.Volumes ?? {}),
    workingDir,
    networkDisabled: wire.NetworkDisabled ?? false,
    macAddress: macAddress(wire.MacAddress ?? '', mapping),
    onBuild: wire.OnBuild ?? [],
    labels: { ...wire.Labels },
    ...(wire.StopSignal && { stopSignal: checkSignal(wire.StopSignal) }),
    ...(typeof wire.StopTimeout === 'number' && { stopTimeoutSeconds: wire.StopTimeout }),
    ...(wire.Shell && wire.Shell.length > 0 && { shell: wire.Shell }),
  };
}

function hostname(text: string): string {
  if (Buffer.byteLength(text) <= MAX_HOSTNAME_BYTES) return text;
  throw invalidParameter(`hostname ${JSON.stringify(text)} is too long (maximum ${MAX_HOSTNAME_BYTES} bytes)`);
}

function variable(entry: string): string {
  if (entry === '' || entry.startsWith('=')) throw invalidParameter(`invalid environment variable: ${entry}`);
  if (entry.includes('\0')) throw invalidParameter('invalid environment variable: it contains a NUL byte');
  return entry;
}

function workingDirectory(path: string): string {
  if (path === '') return '';
  if (!posix.isAbsolute(path)) {
    throw invalidParameter(`the working directory '${path}' is invalid, it needs to be an absolute path`);
  }
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}

function macAddress(address: string, { version, warnings }: Mapping): string {
  if (address === '') return '';
  if (version.since('1.52')) {
    throw invalidParameter('container-wide MAC address no longer supported; use endpoint-specific MAC address instead');
  }
  if (version.since('1.44')) {
    warnings.push(
      'The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.',
    );
  }
  return address;
}

/** The `Config` of inspect. */
export function fromContainerConfig(config: ContainerConfig, version: ApiVersion): WireContainerConfig {
  return {
    Hostname: config.hostname,
    Domainname: config.domainname,
    User: config.user,
    AttachStdin: config.attachStdin,
    AttachStdout: config.attachStdout,
    AttachStderr: config.attachStderr,
    ...(config.exposedPorts.length > 0 && { ExposedPorts: asSet(config.exposedPorts) }),
    Tty: config.tty,
    OpenStdin: config.openStdin,
    StdinOnce: config.stdinOnce,
    Env: config.env,
    Cmd: orNull(config.cmd),
    ...(config.healthcheck && { Healthcheck: fromHealthCheck(config.healthcheck) }),
    Image: config.image,
    Volumes: orNull(config.volumes.length > 0 ? asSet(config.volumes) : undefined),
    WorkingDir: config.workingDir,
    Entrypoint: orNull(config.entrypoint),
    ...(config.networkDisabled && { NetworkDisabled: true }),
    ...(config.macAddress !== '' && version.before('1.52') && { MacAddress: config.macAddress }),
    ...((config.onBuild.length > 0 || version.before('1.52')) && {
      OnBuild: orNull(config.onBuild.length > 0 ? config.onBuild : undefined),
    }),
    Labels: config.labels,
    ...(config.stopSignal !== undefined && { StopSignal: config.stopSignal }),
    ...(config.stopTimeoutSeconds !== undefined && { StopTimeout: config.stopTimeoutSeconds }),
    ...(config.shell && { Shell: config.shell }),
  };
}

/** Docker's clients tell "not given" from an empty list by null, which the specification does not say. */
const orNull = <T>(value: T | undefined): T | undefined => (value ?? null) as T | undefined;

const asSet = (names: readonly string[]): Record<string, Record<string, never>> =>
  Object.fromEntries(names.map((name) => [name, {}]));
