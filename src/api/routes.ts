// SPDX-License-Identifier: Apache-2.0
import type { EngineBackend } from './backend.ts';
import { attachRoutes } from './containers/attach.ts';
import { logsRoute } from './containers/logs.ts';
import { type ContainerRouteOptions, containerRoutes } from './containers/routes.ts';
import { statsRoute } from './containers/stats.ts';
import { waitRoute } from './containers/wait.ts';
import { execRoutes } from './execs/routes.ts';
import { imageRoutes } from './images/routes.ts';
import { transferRoutes } from './images/transfer.ts';
import { networkRoutes } from './networks/routes.ts';
import { Router } from './router.ts';
import { systemRoutes } from './system/routes.ts';
import { unservedRoutes } from './unserved.ts';

/** Every path of the API. Fixed paths come before those with a name in the same place. */
export function createRouter(backend: EngineBackend, options: ContainerRouteOptions): Router {
  const router = new Router();
  systemRoutes(router, backend.system);
  containerRoutes(router, backend.containers, options);
  attachRoutes(router, backend.containers);
  logsRoute(router, backend.containers);
  statsRoute(router, backend.containers);
  waitRoute(router, backend.containers);
  execRoutes(router, backend.execs);
  transferRoutes(router, backend.images);
  unservedRoutes(router);
  imageRoutes(router, backend.images);
  networkRoutes(router, new Date());
  return router;
}
