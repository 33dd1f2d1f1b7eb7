// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEnvironment } from '#container/environment.ts';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

test('a process has PATH, HOSTNAME and HOME, and TERM on a terminal', () => {
  const plain = processEnvironment({ hostname: 'box', env: [] }, { tty: false, home: '/root' });
  assert.deepEqual(plain, [PATH, 'HOSTNAME=box', 'HOME=/root']);
  const terminal = processEnvironment({ hostname: 'box', env: [] }, { tty: true, home: '/root' });
  assert.ok(terminal.includes('TERM=xterm'));
});

test('the container’s variables win over the engine’s, an exec’s over the container’s', () => {
  const env = processEnvironment(
    { hostname: 'box', env: ['PATH=/bin', 'A=1', 'HOME=/srv', 'EMPTY=', 'EQ=a=b'] },
    { tty: false, home: '/root', extra: ['A=2', 'B=3'] },
  );
  assert.deepEqual(env, ['PATH=/bin', 'HOSTNAME=box', 'A=2', 'HOME=/srv', 'EMPTY=', 'EQ=a=b', 'B=3']);
});

test('a name alone takes the variable away', () => {
  const env = processEnvironment(
    { hostname: 'box', env: ['A=1', 'HOSTNAME'] },
    { tty: false, home: '/', extra: ['A'] },
  );
  assert.deepEqual(env, [PATH, 'HOME=/']);
});
