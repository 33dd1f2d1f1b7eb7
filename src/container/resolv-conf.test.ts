// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DnsSettings, resolvConf } from '#container/resolv-conf.ts';

const NOTHING: DnsSettings = { servers: [], search: [], options: [] };
const HOST = `# by hand
domain old.example
search a.example b.example ; both
nameserver 127.0.0.53
nameserver 192.0.2.1 # second
nameserver fe80::1%eth0
nameserver nonsense
options ndots:2 trust-ad
`;

test('the host’s settings are taken over, but for servers that only the host reaches', () => {
  assert.equal(
    resolvConf(HOST, NOTHING, { sharesLoopback: false }),
    'nameserver 192.0.2.1\nnameserver fe80::1%eth0\nsearch a.example b.example\noptions ndots:2 trust-ad\n',
  );
  assert.match(resolvConf(HOST, NOTHING, { sharesLoopback: true }), /^nameserver 127\.0\.0\.53\n/);
});

test('what was asked for takes the place of the host’s', () => {
  const asked = { servers: ['127.0.0.1'], search: ['.'], options: ['timeout:1'] };
  assert.equal(resolvConf(HOST, asked, { sharesLoopback: false }), 'nameserver 127.0.0.1\noptions timeout:1\n');
});

test('a host without settings gives an empty file', () => {
  assert.equal(resolvConf('', NOTHING, { sharesLoopback: false }), '');
});
