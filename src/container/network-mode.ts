// SPDX-License-Identifier: Apache-2.0
import { type FindContainer, joinedContainer } from '#container/namespaces.ts';
import { invalidParameter, isEngineError } from '#core/errors.ts';
import type { EndpointSettings, HostConfig } from '#model/container.ts';

const BRIDGE = 'bridge';

/** What became of the network that was asked for. */
export interface NetworkChoice {
  hostConfig: Pick<HostConfig, 'networkMode'>;
  networks: Record<string, EndpointSettings>;
  warnings: string[];
}

/**
 * Decides on a container's network: `none`, `host` and another container's are honoured; the default one, which clients
 * ask for when nobody asked for any, is an empty one with a warning; others don't exist.
 */
export function chooseNetwork(hostConfig: HostConfig, find: FindContainer): NetworkChoice {
  const mode = hostConfig.networkMode;
  if (mode === 'none' || mode === 'host') return choice(mode, endpoint(mode));
  if (joinedContainer(mode) !== undefined) return choice(withId(mode, find), {});
  if (mode === '' || mode === 'default' || mode === BRIDGE) {
    return choice(BRIDGE, endpoint('none'), bridgeWarnings(hostConfig));
  }
  // No 404: the docker CLI would take that for a missing image and pull it.
  throw invalidParameter(`network ${mode} not found`);
}

const PREDEFINED = new Set(['none', 'host', BRIDGE, 'default']);

/** Settings of endpoints that no network here can honour are refused rather than ignored. */
export function checkEndpoints(endpoints: Readonly<Record<string, EndpointSettings>>): void {
  for (const [network, { aliases, ipv4Address, ipv6Address }] of Object.entries(endpoints)) {
    if (!PREDEFINED.has(network) && joinedContainer(network) === undefined) {
      throw invalidParameter(`network ${network} not found`);
    }
    if (ipv4Address !== '' || ipv6Address !== '') {
      throw invalidParameter('user-specified IP address is supported on user-defined networks only');
    }
    if (aliases.length > 0) {
      throw invalidParameter('network-scoped aliases are only supported for user-defined networks');
    }
  }
}

const choice = (
  networkMode: string,
  networks: Record<string, EndpointSettings>,
  warnings: string[] = [],
): NetworkChoice => ({ hostConfig: { networkMode }, networks, warnings });

/** Names can change, IDs don't. A container that doesn't exist is complained about at the start, as in Docker. */
export function withId(mode: string, find: FindContainer): string {
  const ref = joinedContainer(mode);
  if (ref === undefined) return mode;
  try {
    return `container:${find(ref).id}`;
  } catch (error) {
    if (isEngineError(error, 'not-found')) return mode;
    throw error;
  }
}

function bridgeWarnings({ portBindings, publishAllPorts }: HostConfig): string[] {
  const warnings = [
    'Bridge networks are not available: the container has no network but its loopback interface. Use --network none to say so, or --network host.',
  ];
  if (publishAllPorts || Object.keys(portBindings).length > 0) {
    warnings.push('Published ports are discarded: the container has no network.');
  }
  return warnings;
}

const endpoint = (name: string): Record<string, EndpointSettings> => ({
  [name]: {
    aliases: [],
    links: [],
    macAddress: '',
    ipv4Address: '',
    ipv6Address: '',
    driverOptions: {},
    gatewayPriority: 0,
  },
});
