// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createReadStream, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MNT_DETACH, mount, umount } from '#linux/mount.ts';
import { Daemon, expectStatus } from '#test/support/daemon.ts';
import { projectRoot } from '#test/support/engine.ts';
import { readAll, splitFrames } from '#test/support/frames.ts';
import { waitUntil } from '#test/support/wait.ts';

const RESERVED_AFTER_MS = 2_500;
const COUNT = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done';

/** An engine with 160 MB of its own for everything that it keeps. */
async function startSmall(): Promise<Daemon> {
  const daemon = new Daemon();
  mkdirSync(daemon.places.dataRoot);
  mount('tmpfs', daemon.places.dataRoot, 'tmpfs', 0, 'size=160m,mode=700');
  await daemon.start();
  return daemon;
}

/** Takes all that is left of the disk. */
function fill(path: string): void {
  try {
    for (;;) writeFileSync(path, Buffer.alloc(64 << 10), { flag: 'a' });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  }
}

async function importDebian(daemon: Daemon): Promise<{ status: number; text: string }> {
  const archive = createReadStream(join(projectRoot, 'build/debian-rootfs.tar'));
  return await daemon.api.post('/images/create?fromSrc=-&repo=debian', archive);
}

test('on a full disk everything fails with the reason or works, nothing is half made, and containers go on', async () => {
  const daemon = await startSmall();
  const { dataRoot } = daemon.places;
  try {
    const { status, text } = await importDebian(daemon);
    assert.equal(status, 500);
    assert.match(text, /no space left on device/);
    for (const name of ['images/ingest', 'layers/staging']) assert.deepEqual(readdirSync(join(dataRoot, name)), []);

    const counting = await daemon.runShell(COUNT);
    await sleep(RESERVED_AFTER_MS);
    fill(join(dataRoot, 'ballast'));
    const refused = await daemon.api.post('/images/create?fromSrc=-&repo=x', Buffer.alloc(10 << 20));
    assert.match(refused.text, /no space left on device/);

    // What ends containers and makes room works.
    const another = await daemon.create({ Cmd: ['sleep', '60'] });
    expectStatus(await daemon.api.post(`/containers/${another}/start`), 204);
    expectStatus(await daemon.api.post(`/containers/${another}/stop?t=0`), 204);
    expectStatus(await daemon.api.delete(`/containers/${another}`), 204);
    await daemon.kill();
    await daemon.start();
    assert.equal((await daemon.api.get(`/containers/${counting}/json`)).json.State.Running, true);

    rmSync(join(dataRoot, 'ballast'));
    const logs = async () =>
      splitFrames(
        await readAll(await daemon.api.open('GET', `/containers/${counting}/logs?stdout=1&tail=5`)),
      ).stdout.toString();
    const before = await logs();
    await waitUntil('the container is logged again', async () => (await logs()) !== before);
    assert.equal(await daemon.wait(await daemon.runShell('exit 5')), 5);
    expectStatus(await daemon.api.post(`/containers/${counting}/kill`), 204);
  } finally {
    await daemon[Symbol.asyncDispose]().catch((error: unknown) => {
      // The data root itself is a mount.
      if (!String(error).endsWith(`machine:\nmount ${dataRoot}`)) throw error;
    });
    try {
      umount(dataRoot, MNT_DETACH);
    } catch {
      // The clean-up took it away.
    }
    rmSync(daemon.places.directory, { recursive: true, force: true });
  }
});
