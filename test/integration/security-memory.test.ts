// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { sharedDaemon } from '#test/support/daemon.ts';
import { waitUntil } from '#test/support/wait.ts';

const MIB = 1 << 20;

describe('the engine stays small', () => {
  const daemon = sharedDaemon();
  const memoryMib = (): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon().pid}/status`, 'utf8'))?.[1]) / 1024;

  test('while the health probe of a container writes without end', async () => {
    const before = memoryMib();
    const id = await daemon().create({
      Cmd: ['sleep', '60'],
      Healthcheck: { Test: ['CMD', 'yes'], Interval: 1e8, Timeout: 3e9, Retries: 1 },
    });
    await daemon().api.post(`/containers/${id}/start`);
    const health = async () => (await daemon().api.get(`/containers/${id}/json`)).json.State.Health;
    await waitUntil('a probe has ended', async () => (await health()).Log.length > 0);
    assert.ok(memoryMib() - before < 120, `${memoryMib() - before} MiB more`);
    assert.match((await health()).Log[0].Output, /^Health check exceeded timeout \(3s\): (y\n)+.*\.\.\.$/s);
    await daemon().api.delete(`/containers/${id}?force=1`);
  });

  test('while archives that unfold without end come at once', async () => {
    const zeros = Buffer.alloc(64 * MIB);
    const parts = { gzip: gzipSync(zeros, { level: 9 }), zstd: zstdCompressSync(zeros) };
    // Members of gzip and frames of zstd may follow each other: 20 of them unfold to 1280 MiB.
    const bombs = Object.values(parts).map((part) => Buffer.concat(Array.from({ length: 20 }, () => part)));
    const loads = bombs.map((bomb, i) => daemon().api.post(`/images/create?fromSrc=-&repo=b${i}`, bomb));
    let highest = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, memoryMib());
    }, 20);
    const answers = await Promise.all(loads);
    clearInterval(watch);
    for (const { status, text } of answers) {
      assert.equal(status, 400);
      assert.match(text, /refusing to decompress more than 200 times the compressed size/);
    }
    assert.ok(highest < 600, `${highest} MiB`);
    for (const name of ['images/ingest', 'layers/staging']) {
      assert.deepEqual(readdirSync(join(daemon().places.dataRoot, name)), []);
    }
  });

  test('while a thousand clients never end their requests, and others are served', async () => {
    const before = memoryMib();
    const head =
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n';
    const clients = Array.from({ length: 1000 }, (_, i) => {
      const socket = connect(daemon().places.socket).on('error', () => {});
      socket.write(i % 2 === 0 ? head : `${head}\r\n{`);
      return socket;
    });
    await sleep(500);
    const started = performance.now();
    assert.equal((await daemon().api.get('/_ping')).status, 200);
    assert.ok(performance.now() - started < 1000);
    assert.ok(memoryMib() - before < 150, `${memoryMib() - before} MiB more`);
    for (const socket of clients) socket.destroy();
    const sockets = () => readdirSync(`/proc/${daemon().pid}/fd`).length;
    await waitUntil('their sockets are closed', () => sockets() < 100);
  });
});
