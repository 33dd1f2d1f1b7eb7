// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Daemon, expectStatus, sharedDaemon } from '#test/support/daemon.ts';
import { mountsUnder, processesOf } from '#test/support/leaks.ts';
import { waitUntil } from '#test/support/wait.ts';

const RUNS = Number(process.env.HOY_TEST_RUNS ?? 60);
const daemon = sharedDaemon();

interface Holdings {
  descriptors: number;
  children: string;
  mounts: number;
  processes: number;
}

/** What an engine holds that does nothing. */
function holdings({ pid, places }: Daemon): Holdings {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    // Also those that have ended and were not collected.
    children: readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'),
    mounts: mountsUnder(places.directory).length,
    processes: processesOf(places.directory).length,
  };
}

const memoryMib = ({ pid }: Daemon): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** A container's whole life, each a little different. */
async function useContainer(engine: Daemon, round: number): Promise<void> {
  const { api } = engine;
  const id = await engine.create({
    Cmd: ['sh', '-c', 'echo hi; sleep 0.05'],
    Tty: round % 3 === 0,
    ...(round % 5 === 0 && { Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9 } }),
    HostConfig: { Init: round % 4 === 0, IpcMode: round % 3 === 1 ? 'shareable' : 'private' },
  });
  const attached = await api.hijack('POST', `/containers/${id}/attach?stream=1&stdout=1`);
  attached.socket.resume();
  expectStatus(await api.post(`/containers/${id}/start`), 204);
  if (round % 4 === 0) {
    const exec = await api.post(`/containers/${id}/exec`, { Cmd: ['true'] });
    if (exec.status === 201) await api.post(`/exec/${exec.json.Id}/start`, { Detach: true });
  }
  if (round % 6 === 0) await api.get(`/containers/${id}/stats?stream=0&one-shot=1`);
  await engine.wait(id);
  for (const path of ['logs?stdout=1', 'changes', 'json?size=1']) {
    expectStatus(await api.get(`/containers/${id}/${path}`), 200);
  }
  expectStatus(await api.delete(`/containers/${id}`), 204);
  attached.socket.destroy();
}

test(`after ${RUNS} containers the engine holds no more than after the first`, async () => {
  const engine = daemon();
  const idle = holdings(engine);
  for (let round = 0; round < 12; round += 1) await useContainer(engine, round);
  const memoryBefore = memoryMib(engine);
  for (let round = 0; round < RUNS; round += 1) await useContainer(engine, round);
  const isBack = () => {
    const now = holdings(engine);
    // Worker threads that wait for more work keep some descriptors each.
    return { ...now, descriptors: now.descriptors <= idle.descriptors + 24 };
  };
  const wanted = { ...idle, descriptors: true };
  await waitUntil('everything is given back', () => JSON.stringify(isBack()) === JSON.stringify(wanted), 5_000).catch(
    () => {},
  );
  assert.deepEqual(isBack(), wanted);
  assert.ok(memoryMib(engine) - memoryBefore < 60, `${memoryMib(engine) - memoryBefore} MiB more`);
});
