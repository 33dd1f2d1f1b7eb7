// SPDX-License-Identifier: Apache-2.0
import type { HostConfig } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';
import { fromMounts } from './mounts.ts';
import { fromPortBindings } from './ports.ts';
import { fromResources } from './resources.ts';

/** The `HostConfig` of inspect: what `create` took, with the defaults that the engine filled in. */
export function fromHostConfig(config: HostConfig): WireHostConfig {
  return {
    ...fromResources(config),
    ...fromMounts(config.mounts),
    ...isolationOf(config),
    ContainerIDFile: config.containerIdFile,
    LogConfig: { Type: config.logConfig.driver, Config: config.logConfig.options },
    NetworkMode: config.networkMode,
    PortBindings: fromPortBindings(config.portBindings),
    RestartPolicy: { Name: config.restartPolicy.name, MaximumRetryCount: config.restartPolicy.maximumRetryCount },
    AutoRemove: config.autoRemove,
    VolumeDriver: '',
    VolumesFrom: orNull([]),
    ConsoleSize: config.consoleSize,
    ...(Object.keys(config.annotations).length > 0 && { Annotations: config.annotations }),
    Dns: config.dns,
    DnsOptions: config.dnsOptions,
    DnsSearch: config.dnsSearch,
    ExtraHosts: orNull(config.extraHosts),
    GroupAdd: orNull(config.groupAdd),
    Links: orNull([]),
    OomScoreAdj: config.oomScoreAdj,
    PublishAllPorts: config.publishAllPorts,
    ReadonlyRootfs: config.readonlyRootfs,
    ...(Object.keys(config.storageOpt).length > 0 && { StorageOpt: config.storageOpt }),
    ShmSize: config.shmSizeBytes,
    ...(Object.keys(config.sysctls).length > 0 && { Sysctls: config.sysctls }),
    Runtime: config.runtime,
    Isolation: '',
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    ...(config.init !== undefined && { Init: config.init }),
  } as WireHostConfig;
}

/** What separates the container from the host. */
function isolationOf(config: HostConfig): Partial<WireHostConfig> {
  return {
    CapAdd: orNull(config.capAdd),
    CapDrop: orNull(config.capDrop),
    CgroupnsMode: config.cgroupnsMode as 'private' | 'host',
    IpcMode: config.ipcMode,
    PidMode: config.pidMode,
    UTSMode: config.utsMode,
    UsernsMode: config.usernsMode,
    Privileged: config.privileged,
    SecurityOpt: orNull(config.securityOpt),
    CgroupParent: config.cgroupParent,
    Devices: config.devices.map((device) => ({
      PathOnHost: device.pathOnHost,
      PathInContainer: device.pathInContainer,
      CgroupPermissions: device.cgroupPermissions,
    })),
    DeviceCgroupRules: orNull(config.deviceCgroupRules),
    DeviceRequests: orNull([]),
    Ulimits: config.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    MaskedPaths: (config.maskedPaths ?? null) as string[] | undefined,
    ReadonlyPaths: (config.readonlyPaths ?? null) as string[] | undefined,
    ...({ Cgroup: '' } as object),
  };
}

/** Docker's clients know "none" as null. */
const orNull = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : null) as T[] | undefined;
