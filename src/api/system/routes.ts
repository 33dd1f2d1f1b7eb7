// SPDX-License-Identifier: Apache-2.0

import type { SystemBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import type { Router } from '#api/router.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import { toDiskUsage, type UsageType } from './disk-usage-json.ts';
import { eventsRoute } from './events.ts';
import { toInfo, toVersion } from './info-json.ts';

export function systemRoutes(router: Router, system: SystemBackend): void {
  router.get('/_ping', ping);
  router.get('/info', async (call) => call.json(200, toInfo(await system.info(), call.version, new Date())));
  router.get('/version', async (call) => call.json(200, toVersion(await system.info())));
  router.get('/system/df', (call) => diskUsage(call, system));
  router.refuse('POST', '/auth', noRegistries, (call) => call.body('POST /auth'));
  eventsRoute(router, system);
}

const noRegistries = () =>
  new EngineError('not-implemented', 'logging in to registries is not supported by this version of Hoy');

/** Needs nothing of the engine: it answers as soon as the server does. */
function ping({ request, response }: Call): void {
  response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  response.setHeader('Pragma', 'no-cache');
  // The classic builder; BuildKit's protocol is not spoken.
  response.setHeader('Builder-Version', '1');
  response.setHeader('Swarm', 'inactive');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', request.method === 'HEAD' ? '0' : '2');
  response.end(request.method === 'HEAD' ? '' : 'OK');
}

const USAGE_TYPES: readonly string[] = ['container', 'image', 'volume', 'build-cache'];

async function diskUsage(call: Call, system: SystemBackend): Promise<void> {
  const { query, version } = call;
  const asked = version.since('1.42') ? query.all('type') : [];
  const unknown = asked.find((type) => !USAGE_TYPES.includes(type));
  if (unknown !== undefined) throw invalidParameter(`unknown object type: ${unknown}`);
  const types = new Set((asked.length > 0 ? asked : USAGE_TYPES) as UsageType[]);
  const verbose = version.since('1.52') && query.flag('verbose');
  const usage = await system.diskUsage({ types, verbose: verbose || version.before('1.52') });
  call.json(200, toDiskUsage(usage, { types, verbose, version }));
}
