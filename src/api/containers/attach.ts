// SPDX-License-Identifier: Apache-2.0

import type { ContainerBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { checkDetachKeys } from '#api/detach-keys.ts';
import { MULTIPLEXED_STREAM, RAW_STREAM } from '#api/hijack.ts';
import type { Router } from '#api/router.ts';
import { acceptWebSocket } from '#api/websocket.ts';
import { conflict } from '#core/errors.ts';
import type { AttachOptions } from '#model/client.ts';

export function attachRoutes(router: Router, containers: ContainerBackend): void {
  router.hijack('POST', '/containers/{id}/attach', async (call) => {
    const { id, tty } = await attachable(call, containers);
    const { query, version } = call;
    const options = attachOptions(call, {
      stdin: query.flag('stdin'),
      stdout: query.flag('stdout'),
      stderr: query.flag('stderr'),
      multiplexed: !tty,
    });
    const contentType = !tty && version.since('1.42') ? MULTIPLEXED_STREAM : RAW_STREAM;
    await containers.attach(id, await call.hijack(contentType), options);
  });
  router.hijack('GET', '/containers/{id}/attach/ws', async (call) => {
    const { id } = await attachable(call, containers);
    const { query, version } = call;
    // Until 1.42 a websocket always got everything.
    const chosen = (name: string) => version.before('1.42') || query.flag(name);
    const options = attachOptions(call, {
      stdin: chosen('stdin'),
      stdout: chosen('stdout'),
      stderr: chosen('stderr'),
      multiplexed: false,
    });
    const stream = await acceptWebSocket(call, { binary: version.since('1.28') });
    await containers.attach(id, { stream, passable: false, head: Buffer.alloc(0) }, options);
  });
}

/** The container, if it can be attached to. What is wrong can be said only before the connection leaves HTTP. */
async function attachable(call: Call, containers: ContainerBackend): Promise<{ id: string; tty: boolean }> {
  const { record } = await containers.inspect(call.param('id'), { size: false });
  const { id, state, config } = record;
  if (state.status === 'paused') throw conflict(`container ${id} is paused, unpause the container before attach`);
  if (state.status === 'restarting') {
    throw conflict(`container ${id} is restarting, wait until the container is running`);
  }
  return { id, tty: config.tty };
}

type Chosen = Pick<AttachOptions, 'stdin' | 'stdout' | 'stderr' | 'multiplexed'>;

const attachOptions = ({ query }: Call, chosen: Chosen): AttachOptions => ({
  ...chosen,
  logs: query.flag('logs'),
  stream: query.flag('stream'),
  detachKeys: checkDetachKeys(query.text('detachKeys'), 'detach'),
});
