// SPDX-License-Identifier: Apache-2.0

import type { CreateContainer } from '#api/backend.ts';
import { networkIdOf } from '#api/networks/builtin.ts';
import { platformFromText } from '#api/platform.ts';
import type { Query } from '#api/query.ts';
import { invalidParameter, notFound } from '#core/errors.ts';
import type { MountRequest } from '#model/container.ts';
import type { NetworkingConfig } from '#wire/types.gen.ts';
import { toContainerConfig, type WireContainerConfig } from './container-config.ts';
import { toEndpoints } from './endpoints.ts';
import { toHostConfig, type WireHost } from './host-config.ts';
import { type Mapping, notServed } from './mapping.ts';
import { clean } from './mount-paths.ts';
import { checkNamespaceConflicts } from './namespaces.ts';

export type CreateBody = WireContainerConfig & { HostConfig?: WireHost; NetworkingConfig?: NetworkingConfig };

/** A create request in the engine's words. Whatever can be said without looking at the host is checked here. */
export function toCreateContainer(body: CreateBody | undefined, query: Query, mapping: Mapping): CreateContainer {
  if (!body || Object.keys(body).length === 0) {
    throw invalidParameter('config cannot be empty in order to create a container');
  }
  const config = toContainerConfig(body, mapping);
  const hostConfig = toHostConfig(body.HostConfig ?? {}, config.labels, mapping);
  checkNamespaceConflicts(config, hostConfig);
  refuseAnonymousVolumes(config.volumes, hostConfig.mounts);
  const networks = toEndpoints(body.NetworkingConfig, mapping);
  refuseUnknownNetworks([hostConfig.networkMode, ...Object.keys(networks)]);
  const platform = mapping.version.since('1.41') ? platformFromText(query.text('platform')) : undefined;
  const name = query.text('name').replace(/^\//, '');
  return { name, config, hostConfig, networks, ...(platform && { platform }) };
}

/** Docker's Python client names the targets of its binds here once more; those are no volumes. */
function refuseAnonymousVolumes(volumes: readonly string[], mounts: readonly MountRequest[]): void {
  const targets = new Set(mounts.map(({ target }) => clean(target)));
  const anonymous = volumes.find((path) => !targets.has(clean(path)));
  if (anonymous === undefined) return;
  throw notServed(`volume ${JSON.stringify(anonymous)}: volumes are`, 'bind a directory of the host (/source:/target)');
}

/** `default` and `bridge` are what clients say who don't care. */
const KNOWN_NETWORKS = new Set(['default', 'bridge', 'none', 'host', networkIdOf('none'), networkIdOf('host')]);

function refuseUnknownNetworks(names: readonly string[]): void {
  const unknown = names.find((name) => !KNOWN_NETWORKS.has(name) && !name.startsWith('container:'));
  if (unknown !== undefined) throw notFound(`network ${unknown} not found`);
}
