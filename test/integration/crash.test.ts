// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUSYBOX, type Daemon, expectStatus, startDaemon } from '#test/support/daemon.ts';
import { readAll, splitFrames } from '#test/support/frames.ts';
import { waitUntil } from '#test/support/wait.ts';

const LINES = 3000;
const COUNT = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo line $i; [ $((i % 20)) = 0 ] && sleep 0.01; done; exit 9`;
const EXPECTED = Array.from({ length: LINES }, (_, index) => `line ${index + 1}\n`).join('');

async function logsOf(daemon: Daemon, id: string): Promise<string> {
  const stream = await daemon.api.open('GET', `/containers/${id}/logs?stdout=1&stderr=1`);
  return splitFrames(await readAll(stream)).stdout.toString();
}

const stateOf = async (daemon: Daemon, id: string) => (await daemon.api.get(`/containers/${id}/json`)).json.State;

describe('kill -9 of the engine', () => {
  test('in the middle of a workload, again and again: every line is there once, and the exit code is known', async () => {
    await using daemon = await startDaemon();
    const id = await daemon.runShell(COUNT);
    for (let round = 0; round < 3; round += 1) {
      await sleep(200);
      await daemon.kill();
      await sleep(100);
      await daemon.start();
    }
    assert.equal(await daemon.wait(id), 9);
    assert.equal(await logsOf(daemon, id), EXPECTED);
  });

  test('a container that ends while no engine runs is known to have ended, and how', async () => {
    await using daemon = await startDaemon();
    const id = await daemon.runShell('sleep 0.5; echo out; exit 33');
    await daemon.kill();
    await sleep(900);
    await daemon.start();
    const state = await stateOf(daemon, id);
    assert.deepEqual([state.Status, state.ExitCode], ['exited', 33]);
    assert.ok(Date.parse(state.FinishedAt) > Date.parse(state.StartedAt));
    assert.equal(await logsOf(daemon, id), 'out\n');
  });

  test('an attached docker client notices nothing, and ends with the exit code', async () => {
    await using daemon = await startDaemon();
    await using client = daemon.startDocker(['run', '--network', 'none', BUSYBOX, 'sh', '-c', COUNT]);
    await client.waitFor('line 100\n');
    await daemon.kill();
    const result = await client.result;
    assert.equal(result.stdout, EXPECTED);
    assert.equal(result.code, 9, result.stderr);
    await daemon.start();
  });

  test('a running container can be used after the restart as before', async () => {
    await using daemon = await startDaemon();
    const id = await daemon.create({ Cmd: ['sh', '-c', 'while read x; do echo "got $x"; done'], OpenStdin: true });
    expectStatus(await daemon.api.post(`/containers/${id}/start`), 204);
    const { Pid } = await stateOf(daemon, id);
    await daemon.kill();
    await daemon.start();
    const state = await stateOf(daemon, id);
    assert.deepEqual([state.Status, state.Pid], ['running', Pid]);
    const { socket } = await daemon.api.hijack('POST', `/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    socket.write('hello\n');
    await waitUntil('it answers', async () => (await logsOf(daemon, id)) === 'got hello\n');
    socket.destroy();
    assert.equal((await daemon.docker(['exec', id, 'echo', 'beside'])).stdout, 'beside\n');
    expectStatus(await daemon.api.post(`/containers/${id}/stop?t=0`), 204);
  });

  test('at any moment of starting many containers: what was acknowledged is there, and the rest left nothing', async () => {
    await using daemon = await startDaemon();
    for (const delay of [5, 25, 60, 110]) {
      const acknowledged: string[] = [];
      const runs = Array.from({ length: 6 }, async () => {
        const id = await daemon.create({ Cmd: ['sleep', '600'] });
        acknowledged.push(id);
        await daemon.api.post(`/containers/${id}/start`);
      });
      await sleep(delay);
      const settled = Promise.allSettled(runs);
      await daemon.kill();
      await settled;
      await daemon.start();
      const known = new Set((await daemon.api.get('/containers/json?all=1')).json.map((it: { Id: string }) => it.Id));
      for (const id of acknowledged) assert.ok(known.has(id), `container ${id} was acknowledged and is lost`);
      for (const id of known) expectStatus(await daemon.api.delete(`/containers/${id}?force=1`), 204);
    }
  });

  test('an auto-removed container is gone although it ended while no engine ran', async () => {
    await using daemon = await startDaemon();
    const id = await daemon.runShell('sleep 0.3', { HostConfig: { AutoRemove: true } });
    await daemon.kill();
    await sleep(600);
    await daemon.start();
    await waitUntil('it is removed', async () => (await daemon.api.get(`/containers/${id}/json`)).status === 404);
  });

  test('a load that was cut off leaves no layer, and works when repeated', async () => {
    await using daemon = await startDaemon();
    const { createReadStream } = await import('node:fs');
    const { projectRoot } = await import('#test/support/engine.ts');
    const archive = `${projectRoot}/build/debian-rootfs.tar`;
    const loading = daemon.api
      .post('/images/create?fromSrc=-&repo=debian', createReadStream(archive))
      .catch(() => undefined);
    await sleep(150);
    await daemon.kill();
    await loading;
    await daemon.start();
    const images = (await daemon.api.get('/images/json?all=1')).json;
    assert.deepEqual(
      images.map((it: { RepoTags: string[] }) => it.RepoTags[0]),
      [BUSYBOX],
    );
    const again = await daemon.api.post('/images/create?fromSrc=-&repo=debian', createReadStream(archive));
    assert.equal(again.status, 200, again.text);
    assert.equal((await daemon.docker(['run', '--rm', '--network', 'none', 'debian', 'true'])).code, 0);
  });
});
