// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedDaemon } from '#test/support/daemon.ts';
import { waitUntil } from '#test/support/wait.ts';

const MS = 1e6;

describe('restart policies', () => {
  const daemon = sharedDaemon();
  const inspect = async (id: string) => (await daemon().api.get(`/containers/${id}/json`)).json;
  const policy = (Name: string, MaximumRetryCount = 0) => ({
    HostConfig: { RestartPolicy: { Name, MaximumRetryCount } },
  });

  test('on-failure starts it again until it has been tried often enough', async () => {
    const id = await daemon().runShell('echo run; exit 5', policy('on-failure', 2));
    await waitUntil('it gave up', async () => (await inspect(id)).State.Status === 'exited');
    const { RestartCount, State } = await inspect(id);
    assert.deepEqual([RestartCount, State.ExitCode], [2, 5]);
    assert.equal((await daemon().docker(['logs', id])).stdout, 'run\nrun\nrun\n');
  });

  test('on-failure leaves a success alone', async () => {
    const id = await daemon().runShell('exit 0', policy('on-failure'));
    assert.equal(await daemon().wait(id), 0);
    assert.deepEqual([(await inspect(id)).RestartCount, (await inspect(id)).State.Status], [0, 'exited']);
  });

  test('always starts it again, until a person stops it', async () => {
    const id = await daemon().runShell('sleep 0.05', policy('always'));
    await waitUntil('it was restarted', async () => (await inspect(id)).RestartCount >= 2);
    await daemon().api.post(`/containers/${id}/stop?t=0`);
    const count = (await inspect(id)).RestartCount;
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual([(await inspect(id)).State.Status, (await inspect(id)).RestartCount], ['exited', count]);
  });

  test('after a start of the engine: always runs again, unless-stopped only if nobody had stopped it', async () => {
    const sleeper = (name: string) => daemon().runShell('sleep 600', policy(name));
    const always = await sleeper('always');
    const running = await sleeper('unless-stopped');
    const stopped = await sleeper('unless-stopped');
    const never = await sleeper('no');
    await daemon().api.post(`/containers/${stopped}/stop?t=0`);
    const pids = await Promise.all([always, running, never].map(async (id) => (await inspect(id)).State.Pid));
    await daemon().kill();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await daemon().start();
    const status = async (id: string) => (await inspect(id)).State.Status;
    await waitUntil('always runs', async () => (await status(always)) === 'running');
    await waitUntil('unless-stopped runs', async () => (await status(running)) === 'running');
    assert.deepEqual([await status(stopped), await status(never)], ['exited', 'exited']);
  });
});

describe('health checks', () => {
  const daemon = sharedDaemon();
  const health = async (id: string) => (await daemon().api.get(`/containers/${id}/json`)).json.State.Health;
  const check = (Test: string[], more: object = {}) => ({
    Healthcheck: { Test, Interval: 100 * MS, Timeout: 1000 * MS, Retries: 2, ...more },
  });

  test('a container becomes healthy, unhealthy and healthy again, with events', async () => {
    const id = await daemon().runShell('touch /ok; sleep 600', check(['CMD-SHELL', 'echo probed; test -e /ok']));
    assert.equal((await health(id)).Status, 'starting');
    await waitUntil('it is healthy', async () => (await health(id)).Status === 'healthy');
    await daemon().docker(['exec', id, 'rm', '/ok']);
    await waitUntil('it is unhealthy', async () => (await health(id)).Status === 'unhealthy');
    const { FailingStreak, Log } = await health(id);
    assert.ok(FailingStreak >= 2 && Log.length <= 5);
    assert.deepEqual([Log.at(-1).ExitCode, Log.at(-1).Output], [1, 'probed\n']);
    await daemon().docker(['exec', id, 'touch', '/ok']);
    await waitUntil('it is healthy again', async () => (await health(id)).Status === 'healthy');
    assert.match((await daemon().docker(['ps', '--filter', 'health=healthy'])).stdout, /\(healthy\)/);
  });

  test('a probe that takes too long is a failure', async () => {
    const id = await daemon().runShell('sleep 600', check(['CMD', 'sleep', '60'], { Timeout: 100 * MS, Retries: 1 }));
    await waitUntil('it is unhealthy', async () => (await health(id)).Status === 'unhealthy');
    assert.match((await health(id)).Log[0].Output, /Health check exceeded timeout/);
  });

  test('an unhealthy container is restarted only when its label says so', async () => {
    const config = { ...check(['CMD', 'false'], { Retries: 1 }), Labels: { 'hoy.restart.unhealthy': 'true' } };
    const id = await daemon().runShell('sleep 600', {
      ...config,
      HostConfig: { RestartPolicy: { Name: 'on-failure' } },
    });
    await waitUntil(
      'it was restarted',
      async () => (await daemon().api.get(`/containers/${id}/json`)).json.RestartCount > 0,
    );
  });
});

describe('events', () => {
  const daemon = sharedDaemon();

  test('history survives a restart of the engine, in order', async () => {
    const id = await daemon().runShell('true');
    await daemon().wait(id);
    // Events of one moment are stored together, some milliseconds after it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await daemon().kill();
    await daemon().start();
    const filters = encodeURIComponent(JSON.stringify({ container: [id] }));
    const { text } = await daemon().api.get(`/events?since=1&until=${Date.now() / 1000}&filters=${filters}`);
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map((it) => it.Action).filter((it) => it !== 'attach'),
      ['create', 'start', 'die'],
    );
    assert.equal(events.at(-1).Actor.Attributes.exitCode, '0');
    const times = events.map((it) => BigInt(it.timeNano));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => (a < b ? -1 : 1)),
    );
  });
});
