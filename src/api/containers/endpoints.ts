// SPDX-License-Identifier: Apache-2.0
import { isIPv4, isIPv6 } from 'node:net';
import { networkIdOf } from '#api/networks/builtin.ts';
import { invalidParameter } from '#core/errors.ts';
import type { ContainerRecord, EndpointSettings } from '#model/container.ts';
import type { NetworkingConfig, EndpointSettings as WireEndpoint } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';

const MAC_ADDRESS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

export function toEndpoints(
  wire: NetworkingConfig | undefined,
  { version }: Mapping,
): Record<string, EndpointSettings> {
  const entries = Object.entries(wire?.EndpointsConfig ?? {});
  if (entries.length > 1 && version.before('1.44')) {
    const names = entries.map(([name]) => name).join(', ');
    throw invalidParameter(`Container cannot be created with multiple network endpoints: ${names}`);
  }
  return Object.fromEntries(entries.map(([name, endpoint]) => [name, toEndpoint(endpoint, version.before('1.48'))]));
}

function toEndpoint(wire: WireEndpoint, ignorePriority: boolean): EndpointSettings {
  const { IPv4Address = '', IPv6Address = '' } = wire.IPAMConfig ?? {};
  if (IPv4Address !== '' && !isIPv4(IPv4Address)) throw invalidParameter(`invalid IPv4 address: ${IPv4Address}`);
  if (IPv6Address !== '' && !isIPv6(IPv6Address)) throw invalidParameter(`invalid IPv6 address: ${IPv6Address}`);
  const macAddress = wire.MacAddress ?? '';
  if (macAddress !== '' && !MAC_ADDRESS.test(macAddress)) {
    throw invalidParameter(`address ${macAddress}: invalid MAC address`);
  }
  return {
    aliases: wire.Aliases ?? [],
    links: wire.Links ?? [],
    macAddress,
    ipv4Address: IPv4Address,
    ipv6Address: IPv6Address,
    driverOptions: { ...wire.DriverOpts },
    gatewayPriority: ignorePriority ? 0 : (wire.GwPriority ?? 0),
  };
}

const UNSET = {
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  MacAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
} as const;

/** `NetworkSettings.Networks`: the one network that this engine gives a container, `none` or `host`. */
export function networksOf({ hostConfig, networks }: ContainerRecord): Record<string, WireEndpoint> {
  const { networkMode } = hostConfig;
  if (networkMode.startsWith('container:')) return {};
  const name = networkMode === 'host' ? 'host' : 'none';
  const asked = networks[name];
  const endpoint = {
    IPAMConfig: null,
    Links: null,
    Aliases: asked && asked.aliases.length > 0 ? asked.aliases : null,
    DriverOpts: null,
    GwPriority: 0,
    ...UNSET,
    NetworkID: networkIdOf(name),
    DNSNames: null,
  };
  return { [name]: endpoint as unknown as WireEndpoint };
}
