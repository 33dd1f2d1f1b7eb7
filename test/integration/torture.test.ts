// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, expectStatus, startDaemon } from '#test/support/daemon.ts';
import { readAll, splitFrames } from '#test/support/frames.ts';
import { cgroupsOf, mountsUnder, processesOf } from '#test/support/leaks.ts';
import { Load } from '#test/support/torture.ts';
import { waitUntil } from '#test/support/wait.ts';

const KILLS = Number(process.env.HOY_TEST_KILLS ?? 10);
/** Long enough for the engine to be in the middle of everything, short enough to hit its start as well. */
const MAX_LIFE_MS = 700;
const ENDLESS = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done';

test(`killed ${KILLS} times in the middle of everything, the engine keeps its word and leaves nothing`, async () => {
  await using daemon = await startDaemon();
  const endless = await Promise.all([daemon.runShell(ENDLESS), daemon.runShell(ENDLESS)]);
  const pids = await Promise.all(endless.map((id) => pidOf(daemon, id)));
  const load = new Load(daemon);
  for (let round = 0; round < KILLS; round += 1) {
    await sleep(randomInt(MAX_LIFE_MS));
    await daemon.kill();
    await daemon.start();
  }
  await load.end();

  assert.deepEqual(load.complaints, []);
  assert.deepEqual(await Promise.all(endless.map((id) => pidOf(daemon, id))), pids);
  assert.ok(load.containers.length > KILLS && load.images.length > 0, 'the load was too small to tell anything');
  await expectContainers(daemon, load);
  await expectImages(daemon, load);
  for (const id of endless) await expectEveryLine(daemon, id);
  await removeEverything(daemon);
  await expectNothingLeft(daemon, [...endless, ...load.containers.map(({ id }) => id)]);
});

async function pidOf(daemon: Daemon, id: string): Promise<number> {
  const { State } = (await daemon.api.get(`/containers/${id}/json`)).json;
  assert.equal(State.Status, 'running');
  return State.Pid;
}

/** What was acknowledged is so; what was not may be either way. */
async function expectContainers(daemon: Daemon, load: Load): Promise<void> {
  const exited = (id: string) => async () => {
    const answer = await daemon.api.get(`/containers/${id}/json`);
    return answer.json.State.Status === 'exited' && answer.json.State;
  };
  for (const story of load.containers) {
    const { status } = await daemon.api.get(`/containers/${story.id}/json`);
    if (story.isRemoved) assert.equal(status, 404, `${story.id} was removed and is there`);
    else if (!story.isRemovalTried) assert.equal(status, 200, `${story.id} was acknowledged and is lost`);
    if (status !== 200 || !story.isStarted || story.isStopTried || story.isRemovalTried) continue;
    const state = await waitUntil(`${story.id} has ended`, exited(story.id));
    assert.equal(state.ExitCode, story.exitCode, `exit code of ${story.id}`);
    assert.equal(await logsOf(daemon, story.id), 'begin\nend\n', `output of ${story.id}`);
  }
}

async function expectImages(daemon: Daemon, load: Load): Promise<void> {
  for (const { name, isRemovalTried, isRemoved } of load.images) {
    const { status } = await daemon.api.get(`/images/${name}/json`);
    if (isRemoved) assert.equal(status, 404, `${name} was removed and is there`);
    else if (!isRemovalTried) assert.equal(status, 200, `${name} was acknowledged and is lost`);
  }
}

async function expectEveryLine(daemon: Daemon, id: string): Promise<void> {
  expectStatus(await daemon.api.post(`/containers/${id}/kill`), 204);
  const numbers = (await logsOf(daemon, id)).trim().split('\n').map(Number);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
}

async function logsOf(daemon: Daemon, id: string): Promise<string> {
  const stream = await daemon.api.open('GET', `/containers/${id}/logs?stdout=1&stderr=1`);
  return splitFrames(await readAll(stream)).stdout.toString();
}

async function removeEverything(daemon: Daemon): Promise<void> {
  for (const { Id } of (await daemon.api.get('/containers/json?all=1')).json) {
    expectStatus(await daemon.api.delete(`/containers/${Id}?force=1`), 204);
  }
  for (const { Id } of (await daemon.api.get('/images/json?all=1')).json) {
    expectStatus(await daemon.api.delete(`/images/${Id}?force=1`), 200);
  }
}

async function expectNothingLeft(daemon: Daemon, ids: string[]): Promise<void> {
  const { dataRoot, execRoot } = daemon.places;
  const empty = [
    ...['containers', 'layers/staging', 'layers/trash', 'layers/l', 'images/ingest', 'images/blobs/sha256'].map(
      (name) => join(dataRoot, name),
    ),
    ...['bundles', 'shims'].map((name) => join(execRoot, name)),
    ...namesIn(join(execRoot, 'runtime')).map((name) => join(execRoot, 'runtime', name)),
  ];
  const look = (): string[] => [
    ...empty.flatMap((path) => namesIn(path).map((name) => join(path, name))),
    ...namesIn(join(dataRoot, 'snapshots')).filter((name) => name !== 'init'),
    ...namesIn(join(dataRoot, 'layers')).filter((name) => !['l', 'staging', 'trash'].includes(name)),
    ...mountsUnder(daemon.places.directory).map((path) => `mount ${path}`),
    ...cgroupsOf(ids),
    ...processesOf(daemon.places.directory)
      .filter((pid) => pid !== daemon.pid)
      .map((pid) => `process ${pid}`),
  ];
  await waitUntil('nothing is left', () => look().length === 0, 5_000).catch(() => {});
  assert.deepEqual(look(), []);
  assert.equal((await daemon.api.get('/system/df')).json.LayersSize, 0);
}

const namesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
