// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedDaemon } from '#test/support/daemon.ts';

describe('wait', () => {
  const daemon = sharedDaemon();

  test('not-running: at once for one that has ended, later for one that runs', async () => {
    const id = await daemon().runShell('sleep 0.3; exit 6');
    assert.equal(await daemon().wait(id), 6);
    assert.equal(await daemon().wait(id), 6);
  });

  test('next-exit: waits for the next end although the container does not run yet', async () => {
    const id = await daemon().create({ Cmd: ['sh', '-c', 'exit 7'] });
    const waiting = await daemon().api.open('POST', `/containers/${id}/wait?condition=next-exit`);
    assert.equal(waiting.statusCode, 200, 'the head comes before the end');
    await daemon().api.post(`/containers/${id}/start`);
    let text = '';
    for await (const chunk of waiting) text += chunk;
    assert.equal(JSON.parse(text).StatusCode, 7);
  });

  test('removed: ends when the container is gone, with its exit code', async () => {
    const id = await daemon().create({ Cmd: ['sh', '-c', 'exit 8'], HostConfig: { AutoRemove: true } });
    const waiting = await daemon().api.open('POST', `/containers/${id}/wait?condition=removed`);
    await daemon().api.post(`/containers/${id}/start`);
    let text = '';
    for await (const chunk of waiting) text += chunk;
    assert.equal(JSON.parse(text).StatusCode, 8);
    assert.equal((await daemon().api.get(`/containers/${id}/json`)).status, 404);
  });

  test('an unknown condition is refused', async () => {
    const id = await daemon().create({ Cmd: ['true'] });
    const answer = await daemon().api.post(`/containers/${id}/wait?condition=whenever`);
    assert.equal(answer.status, 400);
    assert.match(answer.json.message, /invalid condition: "whenever"/);
  });
});
