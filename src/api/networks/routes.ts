// SPDX-License-Identifier: Apache-2.0

import { FILTER_NAMES, readFilters } from '#api/filters.ts';
import type { Router } from '#api/router.ts';
import { EngineError } from '#core/errors.ts';
import { findNetwork, listNetworks } from './builtin.ts';

/** The two networks that are there without being made. Making others, and joining them, is refused. */
export function networkRoutes(router: Router, createdAt: Date): void {
  router.get('/networks', (call) => {
    call.json(200, listNetworks(readFilters(call.query, FILTER_NAMES.networks), createdAt));
  });
  router.post('/networks/prune', (call) => {
    readFilters(call.query, FILTER_NAMES.networksPrune);
    call.json(200, { NetworksDeleted: [] });
  });
  for (const [method, path] of REFUSED) router.refuse(method, path, noNetworks);
  router.get('/networks/{id}', (call) => {
    call.json(200, { ...findNetwork(call.param('id'), createdAt), Containers: {} });
  });
  router.delete('/networks/{id}', (call) => {
    const { Name } = findNetwork(call.param('id'), createdAt);
    throw new EngineError('forbidden', `${Name} is a pre-defined network and cannot be removed`);
  });
}

const REFUSED = [
  ['POST', '/networks/create'],
  ['POST', '/networks/{id}/connect'],
  ['POST', '/networks/{id}/disconnect'],
] as const;

const noNetworks = () =>
  new EngineError('not-implemented', 'networks besides none and host are not supported by this version of Hoy');
