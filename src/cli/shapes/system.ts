// SPDX-License-Identifier: Apache-2.0
import { defineStruct } from '#cli/shapes/define.ts';

const plugins = defineStruct(
  'system.PluginsInfo',
  'Volume:[]string Network:[]string Authorization:[]string Log:[]string',
);
const commit = defineStruct('system.Commit', 'ID Expected');
const clientPlatform = defineStruct('system.platformInfo', 'Name');
const clientInfo = defineStruct(
  'system.clientInfo',
  `Debug:bool Platform:*clientPlatform Version APIVersion=ApiVersion DefaultAPIVersion GitCommit GoVersion Os Arch
   BuildTime Context Plugins:[]any Warnings:[]string`,
  { clientPlatform },
);

/** What `info` prints: the answer of `GET /info` and what the client knows of itself. */
export const SYSTEM_INFO = defineStruct(
  'system.dockerInfo',
  `ID Containers:int ContainersRunning:int ContainersPaused:int ContainersStopped:int Images:int Driver
   DriverStatus:[]any SystemStatus:[]any Plugins:plugins MemoryLimit:bool SwapLimit:bool KernelMemory:bool
   KernelMemoryTCP:bool CPUCfsPeriod=CpuCfsPeriod:bool CPUCfsQuota=CpuCfsQuota:bool CPUShares:bool CPUSet:bool
   PidsLimit:bool IPv4Forwarding:bool Debug:bool NFd:int OomKillDisable:bool NGoroutines:int SystemTime LoggingDriver
   CgroupDriver CgroupVersion NEventsListener:int KernelVersion OperatingSystem OSVersion OSType Architecture
   IndexServerAddress RegistryConfig:*any NCPU:int MemTotal:int GenericResources:[]any DockerRootDir
   HTTPProxy=HttpProxy HTTPSProxy=HttpsProxy NoProxy Name Labels:[]string ExperimentalBuild:bool ServerVersion
   Runtimes:{}any DefaultRuntime Swarm:any LiveRestoreEnabled:bool Isolation InitBinary ContainerdCommit:commit
   RuncCommit:commit InitCommit:commit SecurityOptions:[]string ProductLicense DefaultAddressPools:[]any
   FirewallBackend:*any CDISpecDirs:[]string DiscoveredDevices:[]any Containerd:*any Warnings:[]string
   ServerErrors:[]string ClientInfo:*clientInfo ClientErrors:[]string`,
  { plugins, commit, clientInfo },
);

/** The part of it that needs no engine. */
export const CLIENT_ONLY_INFO = defineStruct('system.sparseInfo', 'ClientInfo:*clientInfo ClientErrors:[]string', {
  clientInfo,
});

const platform = defineStruct('struct { Name string }', 'Name');
const component = defineStruct('types.ComponentVersion', 'Name Version Details:{}string');
const server = defineStruct(
  'types.Version',
  `Platform:platform Components:[]component Version APIVersion=ApiVersion MinAPIVersion GitCommit GoVersion Os Arch
   KernelVersion Experimental:bool BuildTime`,
  { platform, component },
);
const client = defineStruct(
  'system.clientVersion',
  'Platform:*platform Version APIVersion=ApiVersion DefaultAPIVersion GitCommit GoVersion Os Arch BuildTime Context',
  { platform },
);

/** What `version` prints. */
export const VERSIONS = defineStruct('system.versionInfo', 'Client:client Server:*server', { client, server });

const actor = defineStruct('events.Actor', 'ID Attributes:{}string');

/** One event. */
export const EVENT = defineStruct(
  'events.Message',
  'Status=status ID=id From=from Type Action Actor:actor Scope=scope Time=time:int TimeNano=timeNano:int',
  { actor },
);
