// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendDatagram } from '#linux/datagram.ts';

const RECEIVER = `
use IO::Socket::UNIX; use Socket;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
$s->recv(my $text, 4096); print $text;`;

async function receive(path: string, send: () => void): Promise<string> {
  const receiver: ChildProcess = spawn('perl', ['-e', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  receiver.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  try {
    while (!existsSync(path) && receiver.exitCode === null) await sleep(5);
    await sleep(20);
    send();
    await once(receiver, 'close');
  } finally {
    receiver.kill();
  }
  return text;
}

test('a datagram arrives whole at a unix socket', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-dgram-'));
  try {
    const path = join(directory, 'notify');
    assert.equal(await receive(path, () => sendDatagram(path, 'READY=1\nSTATUS=ä')), 'READY=1\nSTATUS=ä');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('nobody there, or a path too long, is an error that names the path', () => {
  assert.throws(() => sendDatagram('/nonexistent/notify', 'x'), /nonexistent/);
  assert.throws(() => sendDatagram(`/${'x'.repeat(200)}`, 'x'), /too long/);
  assert.throws(() => sendDatagram('@nobody-listens-here', 'x'), /nobody-listens-here/);
});
