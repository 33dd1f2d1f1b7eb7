// SPDX-License-Identifier: Apache-2.0

import { type ApiVersion, MAX_API_VERSION, MIN_API_VERSION } from '#api/version.ts';
import type { SystemInfo as Info } from '#model/system.ts';
import type { SystemInfo, SystemVersion } from '#wire/types.gen.ts';

/** `GET /info`. */
export function toInfo(info: Info, version: ApiVersion, now: Date): SystemInfo {
  const { containers, host } = info;
  return {
    ID: info.id,
    Containers: containers.total,
    ContainersRunning: containers.running,
    ContainersPaused: containers.paused,
    ContainersStopped: containers.stopped,
    Images: info.images,
    Driver: info.storageDriver,
    DriverStatus: info.storageStatus,
    Plugins: {
      Volume: info.volumeDrivers,
      Network: info.networkDrivers,
      Authorization: null as unknown as string[],
      Log: info.logDrivers,
    },
    ...featuresOf(info, version),
    Debug: info.debug,
    NFd: info.fileDescriptors,
    NGoroutines: 0,
    SystemTime: now.toISOString(),
    LoggingDriver: info.loggingDriver,
    CgroupDriver: info.cgroup.driver,
    CgroupVersion: info.cgroup.version === 2 ? '2' : '1',
    NEventsListener: info.eventListeners,
    KernelVersion: host.kernelVersion,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: host.osType,
    Architecture: host.machine,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(info, version),
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    GenericResources: null as unknown as [],
    DockerRootDir: info.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: info.name,
    Labels: info.labels,
    ExperimentalBuild: info.experimental,
    ServerVersion: info.version,
    Runtimes: runtimesOf(info),
    DefaultRuntime: info.defaultRuntime,
    Swarm: NO_SWARM,
    LiveRestoreEnabled: info.liveRestore,
    Isolation: '' as 'default',
    InitBinary: info.initBinary,
    ContainerdCommit: commit('', version),
    RuncCommit: commit(info.runtimeVersion.commit, version),
    InitCommit: commit('', version),
    SecurityOptions: info.securityOptions,
    CDISpecDirs: [],
    Warnings: (info.warnings.length > 0 ? info.warnings : null) as string[],
  };
}

function featuresOf({ features }: Info, version: ApiVersion): Partial<SystemInfo> {
  return {
    MemoryLimit: features.memoryLimit,
    SwapLimit: features.swapLimit,
    CpuCfsPeriod: features.cpuCfsPeriod,
    CpuCfsQuota: features.cpuCfsQuota,
    CPUShares: features.cpuShares,
    CPUSet: features.cpuSet,
    PidsLimit: features.pidsLimit,
    OomKillDisable: features.oomKillDisable,
    IPv4Forwarding: features.ipv4Forwarding,
    ...(version.before('1.50') && { BridgeNfIptables: false, BridgeNfIp6tables: false }),
    ...(version.before('1.42') && { KernelMemory: false, KernelMemoryTCP: false }),
  };
}

const NO_SWARM: NonNullable<SystemInfo['Swarm']> = {
  NodeID: '',
  NodeAddr: '',
  LocalNodeState: 'inactive',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: null,
};

/** Docker's addresses that may always be used without TLS. */
const LOOPBACK_CIDRS = ['::1/128', '127.0.0.0/8'];

function registryConfig({ registry }: Info, version: ApiVersion): SystemInfo['RegistryConfig'] {
  const isCidr = (entry: string) => /^[0-9a-f.:]+\/\d{1,3}$/i.test(entry);
  const hosts = registry.insecure.filter((entry) => !isCidr(entry));
  const index = (name: string, Secure: boolean, Mirrors: string[]) => [
    name,
    { Name: name, Mirrors, Secure, Official: name === 'docker.io' },
  ];
  return {
    ...(version.before('1.49') && {
      AllowNondistributableArtifactsCIDRs: null,
      AllowNondistributableArtifactsHostnames: null,
    }),
    InsecureRegistryCIDRs: [...registry.insecure.filter(isCidr), ...LOOPBACK_CIDRS],
    IndexConfigs: Object.fromEntries([
      index('docker.io', true, registry.mirrors),
      ...hosts.map((name) => index(name, false, [])),
    ]),
    Mirrors: registry.mirrors,
  };
}

function runtimesOf({ runtimes }: Info): SystemInfo['Runtimes'] {
  return Object.fromEntries(
    Object.entries(runtimes).map(([name, { path, args }]) => [
      name,
      { path, ...(args.length > 0 && { runtimeArgs: args }) },
    ]),
  );
}

const commit = (id: string, version: ApiVersion): NonNullable<SystemInfo['RuncCommit']> => ({
  ID: id,
  ...(version.before('1.49') && { Expected: id }),
});

/** `GET /version`. */
export function toVersion(info: Info): SystemVersion {
  const { host, runtimeVersion } = info;
  const common = {
    ApiVersion: MAX_API_VERSION,
    MinAPIVersion: MIN_API_VERSION,
    GitCommit: info.gitCommit,
    GoVersion: `node ${process.version}`,
    Os: host.osType,
    Arch: host.architecture,
    KernelVersion: host.kernelVersion,
    BuildTime: info.builtAt,
  };
  return {
    Platform: { Name: 'Hoy' },
    Components: [
      {
        Name: 'Engine',
        Version: info.version,
        Details: { ...common, Experimental: String(info.experimental) },
      },
      { Name: runtimeVersion.name, Version: runtimeVersion.version, Details: { GitCommit: runtimeVersion.commit } },
    ],
    Version: info.version,
    ...common,
    ...(info.experimental && { Experimental: true }),
  };
}
