// SPDX-License-Identifier: Apache-2.0
import { EngineError, notFound } from '#core/errors.ts';
import { FILTER_NAMES, readFilters } from './filters.ts';
import type { Router } from './router.ts';

/**
 * What exists in Docker's API and not in this engine. Listings are answered with the truth, that there is nothing; the
 * rest says that it is not served rather than that there is no such page, so that a client's message makes sense.
 */
export function unservedRoutes(router: Router): void {
  volumeRoutes(router);
  swarmRoutes(router);
  pluginRoutes(router);
  // Part of `docker system prune`: there is no cache that could be pruned.
  router.post('/build/prune', (call) => call.json(200, { CachesDeleted: [], SpaceReclaimed: 0 }));
  for (const [method, path, what] of NOT_SERVED) {
    router.refuse(method, path, () => notServed(what));
  }
}

const notServed = (what: string): EngineError =>
  new EngineError('not-implemented', `${what} not supported by this version of Hoy`);

const NOT_SERVED = [
  ['GET', '/containers/{id}/export', 'exporting containers is'],
  ['GET', '/containers/{id}/archive', 'copying files from and to containers is'],
  ['HEAD', '/containers/{id}/archive', 'copying files from and to containers is'],
  ['PUT', '/containers/{id}/archive', 'copying files from and to containers is'],
  ['POST', '/commit', 'making images of containers is'],
  ['POST', '/build', 'building images is'],
  ['POST', '/session', 'building images is'],
  ['POST', '/grpc', 'building images is'],
  ['GET', '/images/search', 'searching registries is'],
  ['POST', '/images/{name}/push', 'pushing to registries is'],
  ['GET', '/images/{name}/attestations', 'reading attestations of images is'],
  ['GET', '/distribution/{name}/json', 'asking registries is'],
] as const;

function volumeRoutes(router: Router): void {
  router.get('/volumes', (call) => {
    readFilters(call.query, FILTER_NAMES.volumes);
    call.json(200, { Volumes: [], Warnings: null });
  });
  router.post('/volumes/prune', (call) => {
    readFilters(call.query, FILTER_NAMES.volumesPrune);
    call.json(200, { VolumesDeleted: [], SpaceReclaimed: 0 });
  });
  router.refuse('POST', '/volumes/create', () => notServed('volumes are'));
  for (const method of ['GET', 'DELETE']) {
    const handler = (call: { param(name: string): string }) => {
      throw notFound(`get ${call.param('name')}: no such volume`);
    };
    router.add({ method, path: '/volumes/{name}', kind: 'plain', handler });
  }
  router.refuse('PUT', '/volumes/{name}', notSwarm);
}

const notSwarm = (): EngineError =>
  new EngineError(
    'unavailable',
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );

const SWARM_COLLECTIONS = ['services', 'nodes', 'tasks', 'secrets', 'configs'];

function swarmRoutes(router: Router): void {
  for (const verb of ['init', 'join']) router.refuse('POST', `/swarm/${verb}`, () => notServed('swarm mode is'));
  for (const verb of ['leave', 'update', 'unlock']) router.refuse('POST', `/swarm/${verb}`, notSwarm);
  for (const path of ['/swarm', '/swarm/unlockkey']) router.refuse('GET', path, notSwarm);
  for (const collection of SWARM_COLLECTIONS) {
    router.refuse('GET', `/${collection}`, notSwarm);
    router.refuse('GET', `/${collection}/{id}`, notSwarm);
    router.refuse('DELETE', `/${collection}/{id}`, notSwarm);
    router.refuse('POST', `/${collection}/create`, notSwarm);
    router.refuse('POST', `/${collection}/{id}/update`, notSwarm);
    router.refuse('GET', `/${collection}/{id}/logs`, notSwarm);
  }
}

const PLUGIN_CALLS = [
  ['GET', '/plugins/privileges'],
  ['POST', '/plugins/pull'],
  ['POST', '/plugins/create'],
  ['POST', '/plugins/{name}/enable'],
  ['POST', '/plugins/{name}/disable'],
  ['POST', '/plugins/{name}/upgrade'],
  ['POST', '/plugins/{name}/push'],
  ['POST', '/plugins/{name}/set'],
] as const;

function pluginRoutes(router: Router): void {
  router.get('/plugins', (call) => {
    readFilters(call.query, FILTER_NAMES.plugins);
    call.json(200, []);
  });
  for (const [method, path] of PLUGIN_CALLS) router.refuse(method, path, () => notServed('plugins are'));
  for (const [method, path] of [
    ['GET', '/plugins/{name}/json'],
    ['DELETE', '/plugins/{name}'],
  ] as const) {
    const handler = (call: { param(name: string): string }) => {
      throw notFound(`plugin ${JSON.stringify(call.param('name'))} not found`);
    };
    router.add({ method, path, kind: 'plain', handler });
  }
}
