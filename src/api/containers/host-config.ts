// SPDX-License-Identifier: Apache-2.0
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { HostConfig } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';
import { toLogConfig } from './log-config.ts';
import { type Mapping, notServed } from './mapping.ts';
import { toMounts } from './mounts.ts';
import { toNameResolution } from './name-resolution.ts';
import { toNamespaces } from './namespaces.ts';
import { toPortBindings } from './ports.ts';
import { checkResources, toResources } from './resources.ts';
import { toRestartPolicy } from './restart-policy.ts';
import { toSecurity } from './security.ts';

/** Docker's `HostConfig` with the fields of older versions. */
export type WireHost = WireHostConfig & {
  Capabilities?: string[];
  Cgroup?: string;
  Links?: string[];
  KernelMemory?: number;
};

/** `labels` are the container's, some of which are options of the engine. */
export function toHostConfig(wire: WireHost, labels: Readonly<Record<string, string>>, mapping: Mapping): HostConfig {
  refuseUnserved(wire, mapping);
  const resources = toResources(wire, mapping);
  checkResources(resources, false);
  const restartPolicy = toRestartPolicy(wire.RestartPolicy, labels);
  if (wire.AutoRemove && restartPolicy.name !== 'no') {
    throw invalidParameter("can't create 'AutoRemove' container with restart policy");
  }
  return {
    ...resources,
    ...toSecurity(wire),
    ...toNamespaces(wire, mapping),
    ...toNameResolution(wire),
    mounts: toMounts(wire, mapping),
    cgroupParent: wire.CgroupParent ?? '',
    ...(typeof wire.Init === 'boolean' && { init: wire.Init }),
    containerIdFile: wire.ContainerIDFile ?? '',
    logConfig: toLogConfig(wire.LogConfig, mapping),
    restartPolicy,
    autoRemove: wire.AutoRemove ?? false,
    annotations: annotations(wire.Annotations, mapping),
    groupAdd: wire.GroupAdd ?? [],
    oomScoreAdj: oomScoreAdjustment(wire.OomScoreAdj ?? 0),
    privileged: wire.Privileged ?? false,
    publishAllPorts: wire.PublishAllPorts ?? false,
    portBindings: toPortBindings(wire.PortBindings),
    readonlyRootfs: wire.ReadonlyRootfs ?? false,
    storageOpt: { ...wire.StorageOpt },
    shmSizeBytes: shmSize(wire.ShmSize ?? 0),
    sysctls: { ...wire.Sysctls },
    runtime: wire.Runtime ?? '',
    consoleSize: consoleSize(wire.ConsoleSize, mapping),
    ...(wire.MaskedPaths && { maskedPaths: wire.MaskedPaths }),
    ...(wire.ReadonlyPaths && { readonlyPaths: wire.ReadonlyPaths }),
  };
}

/** Options that would be ignored otherwise. */
function refuseUnserved(wire: WireHost, { version, warnings }: Mapping): void {
  const isolation: string = wire.Isolation ?? '';
  if (!['', 'default'].includes(isolation.toLowerCase())) {
    throw invalidParameter(`invalid isolation (${isolation}): linux only supports 'default'`);
  }
  if (wire.IOMaximumBandwidth) {
    throw invalidParameter('invalid option: QoS maximum bandwidth configuration is not supported on linux');
  }
  if (wire.IOMaximumIOps) {
    throw invalidParameter('invalid option: QoS maximum IOPs configuration is not supported on linux');
  }
  if (wire.CpuPercent) warnings.push('linux does not support CPU percent. Percent discarded.');
  if (wire.CpuCount) warnings.push('linux does not support CPU count. Count discarded.');
  if (wire.Capabilities?.length && version.text === '1.40') {
    throw invalidParameter(
      'the HostConfig.Capabilities field is not supported by this daemon; use CapAdd and CapDrop to set capabilities',
    );
  }
  if (wire.Cgroup) throw notServed('sharing the cgroup of another container is', 'use --cgroup-parent');
  if (wire.VolumesFrom?.length) throw notServed('volumes of other containers are', 'repeat their bind mounts');
  if (wire.Links?.length) throw notServed('links are', 'let the containers share a network (--network container:NAME)');
  if (wire.VolumeDriver && wire.VolumeDriver !== 'local') {
    warnings.push('Volumes are not supported by this version of Hoy. Volume driver discarded.');
  }
  refuseDeviceRequests(wire.DeviceRequests);
}

function refuseDeviceRequests(requests: WireHostConfig['DeviceRequests']): void {
  const [request] = requests ?? [];
  if (!request) return;
  const capabilities = (request.Capabilities ?? []).map((list) => `[${list.join(' ')}]`).join(' ');
  throw new EngineError(
    'invalid-parameter',
    `could not select device driver ${JSON.stringify(request.Driver ?? '')} with capabilities: [${capabilities}]`,
  );
}

function annotations(wire: Record<string, string> | undefined, { version }: Mapping): Record<string, string> {
  if (version.before('1.43')) return {};
  if (Object.hasOwn(wire ?? {}, '')) {
    throw invalidParameter('invalid Annotations: the empty string is not permitted as an annotation key');
  }
  return { ...wire };
}

function oomScoreAdjustment(value: number): number {
  if (value >= -1000 && value <= 1000) return value;
  throw invalidParameter(`Invalid value ${value}, range for oom score adj is [-1000, 1000]`);
}

function shmSize(bytes: number): number {
  if (bytes < 0) throw invalidParameter('SHM size can not be less than 0');
  return bytes;
}

function consoleSize(size: number[] | null | undefined, { version }: Mapping): [rows: number, columns: number] {
  if (version.before('1.42')) return [0, 0];
  const [rows = 0, columns = 0] = size ?? [];
  return [rows, columns];
}
