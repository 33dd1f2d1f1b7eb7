// SPDX-License-Identifier: Apache-2.0

import { rfc3339 } from '#api/timestamp.ts';
import type { ApiVersion } from '#api/version.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { ContainerInspectResponse, NetworkSettings } from '#wire/types.gen.ts';
import { fromContainerConfig } from './container-config.ts';
import { networksOf } from './endpoints.ts';
import { fromHostConfig } from './host-config-json.ts';
import { manifestDescriptor, toMountPoint } from './shared-json.ts';
import { toWireState } from './state-json.ts';

/** `GET /containers/{id}/json`. */
export function toInspect(view: ContainerView, version: ApiVersion): ContainerInspectResponse {
  const { record, paths, graph, size } = view;
  return {
    Id: record.id,
    Created: rfc3339(record.createdAt),
    Path: record.path,
    Args: record.args,
    State: toWireState(record),
    Image: record.imageId,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: record.logPath,
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: graph.driver,
    Platform: record.platform.os,
    ...manifestDescriptor(view, version),
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: record.apparmorProfile,
    ExecIDs: view.execIds.length > 0 ? view.execIds : null,
    HostConfig: hostConfigOf(view, version),
    GraphDriver: { Name: graph.driver, Data: graph.data },
    ...(size && { SizeRw: size.rwBytes, SizeRootFs: size.rootFsBytes }),
    Mounts: view.mounts.map(toMountPoint),
    Config: fromContainerConfig(record.config, version),
    NetworkSettings: networkSettings(view, version),
  };
}

function hostConfigOf({ record }: ContainerView, version: ApiVersion): ContainerInspectResponse['HostConfig'] {
  const config = fromHostConfig(record.hostConfig);
  if (version.since('1.42')) return config;
  // Until 1.42 these were never left out.
  const older = { KernelMemory: record.hostConfig.kernelMemoryBytes, KernelMemoryTCP: 0 };
  return Object.assign(config, older);
}

function networkSettings({ record }: ContainerView, version: ApiVersion): NetworkSettings {
  const settings = { SandboxID: '', SandboxKey: '', Ports: {}, Networks: networksOf(record) };
  return version.since('1.52') ? settings : { ...settings, ...OLDER_NETWORK_SETTINGS };
}

/** What the settings of the default bridge looked like before containers could have several networks. */
const OLDER_NETWORK_SETTINGS = {
  Bridge: '',
  HairpinMode: false,
  LinkLocalIPv6Address: '',
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
};
