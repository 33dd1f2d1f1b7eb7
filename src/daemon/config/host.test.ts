// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback, parseHost } from '#daemon/config/host.ts';

const GOOD: [text: string, meaning: string][] = [
  ['', 'unix:///run/hoy/hoy.sock'],
  ['unix://', 'unix:///run/hoy/hoy.sock'],
  ['unix:///tmp/a b.sock', 'unix:///tmp/a b.sock'],
  ['tcp://', 'tcp://localhost:2375'],
  ['tcp://:7777', 'tcp://localhost:7777'],
  ['10.0.0.1:80', 'tcp://10.0.0.1:80'],
  ['tcp://[::1]:5555/', 'tcp://[::1]:5555'],
  ['tcp://[::1]', 'tcp://[::1]:2375'],
  ['  tcp://h ', 'tcp://h:2375'],
  ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'],
  ['fd://', 'fd://'],
  ['fd://3', 'fd://3'],
];

for (const [text, meaning] of GOOD) {
  test(`-H ${JSON.stringify(text)} listens on ${meaning}`, () => {
    assert.equal(parseHost(text, { tls: false }).text, meaning);
  });
}

const BAD: [text: string, reason: RegExp][] = [
  ['http://x', /unsupported proto 'http'/],
  ['tcp://a:1/path', /should not contain a path element/],
  ['tcp://a:99999', /invalid port: 99999/],
  ['tcp://a:x', /invalid port: x/],
  ['tcp://::1:5', /invalid port: :1:5/],
  ['tcp://a]', /expected an address/],
  ['tcp://[zz]:5', /not an IPv6 address/],
  ['unix://relative.sock', /absolute path/],
  [`unix:///${'x'.repeat(108)}`, /too long/],
];

for (const [text, reason] of BAD) {
  test(`-H ${text.slice(0, 40)} is refused`, () => {
    assert.throws(() => parseHost(text, { tls: false }), reason);
  });
}

test('only loopback addresses and localhost are taken to be this machine', () => {
  for (const address of ['localhost', '127.0.0.1', '127.255.0.1', '::1']) assert.ok(isLoopback(address), address);
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost.example', '::ffff:10.0.0.1']) {
    assert.ok(!isLoopback(address), address);
  }
});
