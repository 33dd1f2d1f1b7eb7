// SPDX-License-Identifier: Apache-2.0
import { defineStruct } from '#cli/shapes/define.ts';

const probe = defineStruct('container.HealthcheckResult', 'Start End ExitCode:int Output');
const health = defineStruct('container.Health', 'Status FailingStreak:int Log:[]probe', { probe });
const state = defineStruct(
  'container.State',
  `Status Running:bool Paused:bool Restarting:bool OOMKilled:bool Dead:bool Pid:int ExitCode:int Error StartedAt
   FinishedAt Health:*health`,
  { health },
);

const logConfig = defineStruct('container.LogConfig', 'Type Config:{}string');
const restartPolicy = defineStruct('container.RestartPolicy', 'Name MaximumRetryCount:int');
const portBinding = defineStruct('nat.PortBinding', 'HostIP=HostIp HostPort');
const device = defineStruct('container.DeviceMapping', 'PathOnHost PathInContainer CgroupPermissions');
const ulimit = defineStruct('units.Ulimit', 'Name Hard:int Soft:int');
const weightDevice = defineStruct('blkiodev.WeightDevice', 'Path Weight:int');
const throttleDevice = defineStruct('blkiodev.ThrottleDevice', 'Path Rate:int');
const hostConfig = defineStruct(
  'container.HostConfig',
  `Binds:[]string ContainerIDFile LogConfig:logConfig NetworkMode PortBindings:{}[]portBinding
   RestartPolicy:restartPolicy AutoRemove:bool VolumeDriver VolumesFrom:[]string ConsoleSize:[]int
   Annotations:{}string CapAdd:[]string CapDrop:[]string CgroupnsMode DNS=Dns:[]string DNSOptions=DnsOptions:[]string
   DNSSearch=DnsSearch:[]string ExtraHosts:[]string GroupAdd:[]string IpcMode Cgroup Links:[]string OomScoreAdj:int
   PidMode Privileged:bool PublishAllPorts:bool ReadonlyRootfs:bool SecurityOpt:[]string StorageOpt:{}string
   Tmpfs:{}string UTSMode UsernsMode ShmSize:int Sysctls:{}string Runtime Isolation CPUShares=CpuShares:int Memory:int
   NanoCPUs=NanoCpus:int CgroupParent BlkioWeight:int BlkioWeightDevice:[]weightDevice
   BlkioDeviceReadBps:[]throttleDevice BlkioDeviceWriteBps:[]throttleDevice BlkioDeviceReadIOps:[]throttleDevice
   BlkioDeviceWriteIOps:[]throttleDevice CPUPeriod=CpuPeriod:int CPUQuota=CpuQuota:int
   CPURealtimePeriod=CpuRealtimePeriod:int CPURealtimeRuntime=CpuRealtimeRuntime:int CpusetCpus CpusetMems
   Devices:[]device DeviceCgroupRules:[]string DeviceRequests:[]any KernelMemory:int KernelMemoryTCP:int
   MemoryReservation:int MemorySwap:int MemorySwappiness:*int OomKillDisable:*bool PidsLimit:*int Ulimits:[]ulimit
   CPUCount=CpuCount:int CPUPercent=CpuPercent:int IOMaximumIOps:int IOMaximumBandwidth:int Mounts:[]any
   MaskedPaths:[]string ReadonlyPaths:[]string Init:*bool`,
  { logConfig, portBinding, restartPolicy, weightDevice, throttleDevice, device, ulimit },
);

const healthConfig = defineStruct(
  'container.HealthConfig',
  'Test:[]string Interval:int Timeout:int StartPeriod:int StartInterval:int Retries:int',
);
const config = defineStruct(
  'container.Config',
  `Hostname Domainname User AttachStdin:bool AttachStdout:bool AttachStderr:bool ExposedPorts:{}any Tty:bool
   OpenStdin:bool StdinOnce:bool Env:[]string Cmd:[]string Healthcheck:*healthConfig ArgsEscaped:bool Image
   Volumes:{}any WorkingDir Entrypoint:[]string NetworkDisabled:bool MacAddress OnBuild:[]string Labels:{}string
   StopSignal StopTimeout:*int Shell:[]string`,
  { healthConfig },
);

const mountPoint = defineStruct('container.MountPoint', 'Type Name Source Destination Driver Mode RW:bool Propagation');
const ipam = defineStruct('network.EndpointIPAMConfig', 'IPv4Address IPv6Address LinkLocalIPs:[]string');
const endpoint = defineStruct(
  'network.EndpointSettings',
  `IPAMConfig:*ipam Links:[]string Aliases:[]string MacAddress DriverOpts:{}string GwPriority:int NetworkID EndpointID
   Gateway IPAddress IPPrefixLen:int IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen:int DNSNames:[]string`,
  { ipam },
);
const networkSettings = defineStruct(
  'container.NetworkSettings',
  `Bridge SandboxID SandboxKey Ports:{}[]portBinding HairpinMode:bool LinkLocalIPv6Address LinkLocalIPv6PrefixLen:int
   SecondaryIPAddresses:[]any SecondaryIPv6Addresses:[]any EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen:int
   IPAddress IPPrefixLen:int IPv6Gateway MacAddress Networks:{}*endpoint`,
  { portBinding, endpoint },
);

export const driverData = defineStruct('storage.DriverData', 'Data:{}string Name');

/** The answer of `GET /containers/{id}/json`. */
export const CONTAINER_INSPECT = defineStruct(
  'container.InspectResponse',
  `ID=Id Created Path Args:[]string State:*state Image ResolvConfPath HostnamePath HostsPath LogPath Name
   RestartCount:int Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs:[]string HostConfig:*hostConfig
   GraphDriver:driverData SizeRw:*int SizeRootFs:*int Mounts:[]mountPoint Config:*config
   NetworkSettings:*networkSettings ImageManifestDescriptor:*any`,
  { state, hostConfig, driverData, mountPoint, config, networkSettings },
);
