// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseEndpoint, parseHost } from '#client/host.ts';
import { DEFAULT_SOCKET } from '#core/paths.ts';

const HOSTS: [text: string, host: string, address: object][] = [
  ['unix:///a/b.sock', 'unix:///a/b.sock', { socketPath: '/a/b.sock' }],
  ['/a/b.sock', 'unix:///a/b.sock', { socketPath: '/a/b.sock' }],
  ['tcp://host:1', 'tcp://host:1', { hostname: 'host', port: 1 }],
  ['tcp://host', 'tcp://host:2375', { hostname: 'host', port: 2375 }],
  ['tcp://:5', 'tcp://127.0.0.1:5', { hostname: '127.0.0.1', port: 5 }],
  ['tcp://[::1]:5', 'tcp://[::1]:5', { hostname: '::1', port: 5 }],
  ['http://host:80/', 'tcp://host:80', { hostname: 'host', port: 80 }],
  ['host:7', 'tcp://host:7', { hostname: 'host', port: 7 }],
];

for (const [text, host, address] of HOSTS) {
  test(`the host ${text} is ${host}`, () => {
    const endpoint = parseHost(text);
    assert.deepEqual([endpoint.host, endpoint.address, endpoint.isDefault], [host, address, false]);
  });
}

for (const text of ['ssh://host', 'tcp://host:99999', 'tcp://host:1/path', 'tcp://a b', 'npipe:////x']) {
  test(`the host ${text} is refused with what would do`, () => {
    assert.throws(() => parseHost(text), /unable to parse docker host .*: use .*tcp:\/\/HOST:PORT/);
  });
}

const choose = (env: Record<string, string>, hosts: string[] = []) =>
  chooseEndpoint({ hosts, env, configFolder: '/config' });

test('a flag goes before HOY_HOST, that before DOCKER_HOST, and without any of them the default is used', () => {
  assert.equal(choose({ HOY_HOST: 'unix:///h', DOCKER_HOST: 'unix:///d' }, ['unix:///f']).host, 'unix:///f');
  assert.equal(choose({ HOY_HOST: 'unix:///h', DOCKER_HOST: 'unix:///d' }).host, 'unix:///h');
  assert.equal(choose({ DOCKER_HOST: 'unix:///d' }).host, 'unix:///d');
  const usual = choose({});
  assert.deepEqual([usual.host, usual.isDefault], [`unix://${DEFAULT_SOCKET}`, true]);
  assert.throws(() => choose({}, ['unix:///a', 'unix:///b']), /only one -H/);
});

test('TLS is verified when the environment says so, with the certificates of its folder', () => {
  const endpoint = choose({ DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' });
  assert.equal(endpoint.host, 'tcp://host:2376');
  assert.deepEqual(endpoint.tls, { verify: true, ca: '/certs/ca.pem', cert: '/certs/cert.pem', key: '/certs/key.pem' });
});
