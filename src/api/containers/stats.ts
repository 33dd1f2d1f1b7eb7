// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { JsonStream } from '#api/json-stream.ts';
import type { Router } from '#api/router.ts';
import { isEngineError } from '#core/errors.ts';
import { type Reading, toStats } from './stats-json.ts';

const INTERVAL_MS = 1_000;

export function statsRoute(router: Router, containers: ContainerBackend): void {
  router.stream('GET', '/containers/{id}/stats', async (call) => {
    const { query, version } = call;
    if (query.flag('stream', true)) return stream(call, containers);
    const oneShot = version.since('1.41') && query.flag('one-shot');
    call.json(200, await single(call, containers, oneShot));
  });
}

/** One reading; with the one before it unless that would mean to wait for nothing. */
async function single(call: Call, containers: ContainerBackend, oneShot: boolean) {
  const first = await containers.stats(call.param('id'));
  if (oneShot || !first.sample) return toStats(first, undefined, call.version);
  await pause(call.signal);
  return toStats(await containers.stats(first.id), first.sample, call.version);
}

/** A reading every second until the client or the container is gone. */
async function stream(call: Call, containers: ContainerBackend): Promise<void> {
  let reading: Reading | undefined = await containers.stats(call.param('id'));
  const { id } = reading;
  const output = new JsonStream(call, 'application/json');
  let previous: Reading | undefined;
  while (reading && !call.signal.aborted) {
    await output.write(toStats(reading, previous?.sample, call.version));
    previous = reading;
    await pause(call.signal);
    reading = await readAgain(containers, id);
  }
  output.end();
}

async function readAgain(containers: ContainerBackend, id: string): Promise<Reading | undefined> {
  try {
    return await containers.stats(id);
  } catch (error) {
    if (isEngineError(error, 'not-found')) return undefined;
    throw error;
  }
}

const pause = (signal: AbortSignal): Promise<void> => delay(INTERVAL_MS, undefined, { signal }).catch(() => {});
