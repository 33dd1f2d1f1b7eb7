// SPDX-License-Identifier: Apache-2.0
import { isIPv4, isIPv6 } from 'node:net';
import { cut, parseCsv } from '#cli/options/csv.ts';

/** One `--network`, with what other flags may add to the first. */
export interface NetworkOption {
  target: string;
  aliases: string[];
  links: string[];
  driverOptions: Record<string, string>;
  ipv4: string;
  ipv6: string;
  linkLocal: string[];
  mac: string;
  gatewayPriority: number;
}

export interface EndpointJson {
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] };
  Links?: string[];
  Aliases?: string[];
  MacAddress?: string;
  DriverOpts?: Record<string, string>;
  GwPriority?: number;
}

const attachment = (target: string): NetworkOption => ({
  target,
  aliases: [],
  links: [],
  driverOptions: {},
  ipv4: '',
  ipv6: '',
  linkLocal: [],
  mac: '',
  gatewayPriority: 0,
});

/** Reads `--network NAME` or `--network name=NAME,alias=web,ip=10.0.0.2,…`. */
export function parseNetwork(text: string): NetworkOption {
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return attachment(text);
  const network = attachment('');
  for (const field of parseCsv(text)) {
    const [key, value] = cut(field.toLowerCase(), '=');
    if (value === undefined || key === '') throw new Error(`invalid field ${field}`);
    setField(network, key.trim(), value.trim());
  }
  if (!network.target) throw new Error('network name/id is not specified');
  return network;
}

function setField(network: NetworkOption, key: string, value: string): void {
  switch (key) {
    case 'name':
      network.target = value;
      return;
    case 'alias':
      network.aliases.push(value);
      return;
    case 'ip':
      network.ipv4 = value;
      return;
    case 'ip6':
      network.ipv6 = value;
      return;
    case 'mac-address':
      network.mac = value;
      return;
    case 'link-local-ip':
      network.linkLocal.push(value);
      return;
    case 'driver-opt': {
      const [name, option] = cut(value, '=');
      if (option === undefined || name === '') throw new Error('invalid key value pair format in driver options');
      network.driverOptions[name.trim()] = option.trim();
      return;
    }
    case 'gw-priority':
      if (!/^[+-]?\d+$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`);
      network.gatewayPriority = Number(value);
      return;
    default:
      throw new Error(`invalid field key ${key}`);
  }
}

/** Flags that describe the attachment to the first network. */
export interface FirstNetworkFlags {
  aliases: string[];
  links: string[];
  ipv4: string;
  ipv6: string;
  mac: string;
  linkLocal: string[];
}

const PREDEFINED = new Set(['', 'default', 'bridge', 'host', 'none', 'nat']);
export const isUserDefined = (network: string): boolean =>
  !PREDEFINED.has(network) && !network.startsWith('container:');

/** `EndpointsConfig` of the networks asked for. */
export function toEndpoints(options: readonly NetworkOption[], flags: FirstNetworkFlags): Record<string, EndpointJson> {
  const networks = options.length > 0 ? options : [attachment('default')];
  const endpoints: Record<string, EndpointJson> = {};
  for (const [index, network] of networks.entries()) {
    const endpoint = toEndpoint(index === 0 ? withFlags(network, flags) : network);
    if (endpoints[network.target]) throw new Error(`network "${network.target}" is specified multiple times`);
    // Alone and without settings, it is told by the network mode.
    const isPlain = Object.keys(endpoint).length === 0 && options.length === 1;
    if (!isPlain) endpoints[network.target] = endpoint;
  }
  const kinds = new Set(networks.map((network) => isUserDefined(network.target)));
  if (kinds.size > 1) {
    throw new Error('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  return endpoints;
}

function withFlags(network: NetworkOption, flags: FirstNetworkFlags): NetworkOption {
  const refuseBoth = (both: boolean, flag: string, what: string): void => {
    if (both) throw new Error(`conflicting options: cannot specify both ${flag} and per-network ${what}`);
  };
  refuseBoth(network.aliases.length > 0 && flags.aliases.length > 0, '--network-alias', 'alias');
  refuseBoth(network.ipv4 !== '' && flags.ipv4 !== '', '--ip', 'IPv4 address');
  refuseBoth(network.ipv6 !== '' && flags.ipv6 !== '', '--ip6', 'IPv6 address');
  refuseBoth(network.mac !== '' && flags.mac !== '', '--mac-address', 'MAC address');
  refuseBoth(network.linkLocal.length > 0 && flags.linkLocal.length > 0, '--link-local-ip', 'link-local IP addresses');
  return {
    ...network,
    aliases: flags.aliases.length > 0 ? flags.aliases : network.aliases,
    links: isUserDefined(network.target) ? flags.links : [],
    ipv4: flags.ipv4 || network.ipv4,
    ipv6: flags.ipv6 || network.ipv6,
    mac: flags.mac || network.mac,
    linkLocal: flags.linkLocal.length > 0 ? flags.linkLocal : network.linkLocal,
  };
}

function toEndpoint(network: NetworkOption): EndpointJson {
  if (network.target.trim() === '') throw new Error('no name set for network');
  if (!isUserDefined(network.target)) {
    if (network.aliases.length > 0) {
      throw new Error('network-scoped aliases are only supported for user-defined networks');
    }
    if (network.links.length > 0) throw new Error('links are only supported for user-defined networks');
  }
  if (network.mac) checkMac(network.mac);
  const address = {
    ...(network.ipv4 && { IPv4Address: network.ipv4 }),
    ...(network.ipv6 && { IPv6Address: network.ipv6 }),
    ...(network.linkLocal.length > 0 && { LinkLocalIPs: network.linkLocal }),
  };
  return {
    ...(Object.keys(address).length > 0 && { IPAMConfig: address }),
    ...(network.links.length > 0 && { Links: network.links }),
    ...(network.aliases.length > 0 && { Aliases: network.aliases }),
    ...(network.mac && { MacAddress: network.mac }),
    ...(Object.keys(network.driverOptions).length > 0 && { DriverOpts: network.driverOptions }),
    ...(network.gatewayPriority !== 0 && { GwPriority: network.gatewayPriority }),
  };
}

export function checkMac(address: string): void {
  const isMac = /^([0-9a-f]{2}([:-])[0-9a-f]{2}(\2[0-9a-f]{2}){4,}|[0-9a-f]{4}(\.[0-9a-f]{4}){2,})$/i.test(
    address.trim(),
  );
  if (!isMac) throw new Error(`${address} is not a valid mac address`);
}

/** An IP address as it is. */
export function parseAddress(text: string): string {
  const address = text.trim();
  if (isIPv4(address) || isIPv6(address)) return address;
  throw new Error(`IP address is not correctly formatted: ${text}`);
}

/** `--add-host NAME:ADDRESS` or `NAME=ADDRESS`; sent with a colon. */
export function parseExtraHost(text: string): string {
  const [nameEq, addressEq] = cut(text, '=');
  const [name, rawAddress] = addressEq === undefined ? cut(text, ':') : [nameEq, addressEq];
  if (rawAddress === undefined || name === '') throw new Error(`bad format for add-host: "${text}"`);
  const address = rawAddress.replace(/^\[(.*)\]$/, '$1');
  if (address === 'host-gateway') return `${name}:${address}`;
  if (!isIPv4(address) && !isIPv6(address)) throw new Error(`invalid IP address in add-host: "${rawAddress}"`);
  return `${name}:${address}`;
}

/** `--dns-search`. */
export function parseSearchDomain(text: string): string {
  const domain = text.replace(/^ +| +$/g, '');
  if (domain === '.') return domain;
  const isDomain = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?\s*$/i.test(domain);
  if (!/[a-z]/i.test(domain) || !isDomain || domain.length >= 255) throw new Error(`${domain} is not a valid domain`);
  return domain.trim().replace(/\.$/, '');
}

/** `--link NAME[:ALIAS]`. */
export function checkLink(text: string): string {
  if (text === '') throw new Error('empty string specified for links');
  if (text.split(':').length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}
