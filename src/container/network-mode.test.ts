// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerRecord, hostConfig } from '#container/container-testing.ts';
import { noSuchContainer } from '#container/failures.ts';
import { checkEndpoints, chooseNetwork } from '#container/network-mode.ts';

const known = containerRecord({ name: 'web' });
const find = (ref: string) => {
  if (ref === 'web') return known;
  throw noSuchContainer(ref);
};

test('none, host and another container’s network are taken as they are', () => {
  const cases: [string, string, string[]][] = [
    ['none', 'none', ['none']],
    ['host', 'host', ['host']],
    ['container:web', `container:${known.id}`, []],
    ['container:gone', 'container:gone', []],
  ];
  for (const [asked, mode, networks] of cases) {
    const choice = chooseNetwork(hostConfig({ networkMode: asked }), find);
    assert.equal(choice.hostConfig.networkMode, mode);
    assert.deepEqual(Object.keys(choice.networks), networks);
    assert.deepEqual(choice.warnings, []);
  }
});

test('the default network is an empty one, and the answer says so', () => {
  for (const networkMode of ['', 'default', 'bridge']) {
    const { networks, warnings } = chooseNetwork(hostConfig({ networkMode }), find);
    assert.deepEqual(Object.keys(networks), ['none']);
    assert.equal(warnings.length, 1);
  }
  const published = hostConfig({ networkMode: 'default', portBindings: { '80/tcp': [] } });
  assert.match(chooseNetwork(published, find).warnings[1] ?? '', /Published ports are discarded/);
});

test('a network that doesn’t exist is refused', () => {
  assert.throws(() => chooseNetwork(hostConfig({ networkMode: 'mine' }), find), {
    code: 'invalid-parameter',
    message: 'network mine not found',
  });
});

test('settings of an endpoint that can’t be honoured are refused', () => {
  const [plain] = Object.values(chooseNetwork(hostConfig({ networkMode: 'none' }), find).networks);
  assert.ok(plain);
  checkEndpoints({ none: plain, default: plain, bridge: { ...plain, macAddress: '02:00:00:00:00:01' } });
  const fixed = 'user-specified IP address is supported on user-defined networks only';
  const cases: [string, Partial<typeof plain>, string][] = [
    ['none', { ipv4Address: '1.2.3.4' }, fixed],
    ['default', { ipv6Address: 'fd00::1' }, fixed],
    ['host', { aliases: ['db'] }, 'network-scoped aliases are only supported for user-defined networks'],
    ['mine', {}, 'network mine not found'],
  ];
  for (const [network, settings, message] of cases) {
    assert.throws(() => checkEndpoints({ [network]: { ...plain, ...settings } }), {
      code: 'invalid-parameter',
      message,
    });
  }
});
