// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { type DaemonConfig, loadConfig } from '#daemon/config/config.ts';
import { applyReload } from '#daemon/config/reload.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function fileWith(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-config-'));
  directories.push(directory);
  writeFileSync(join(directory, 'daemon.json'), text);
  return join(directory, 'daemon.json');
}

/** The configuration from flags and a daemon.json of the given content. */
function load(argv: string[], file: unknown = {}): DaemonConfig {
  const path = fileWith(typeof file === 'string' ? file : JSON.stringify(file));
  return loadConfig(['--config-file', path, ...argv]);
}

describe('without any option', () => {
  test('the defaults are dockerd’s with the engine’s own places, and containers outlive the engine', () => {
    const config = load([]);
    assert.equal(config.dataRoot, '/var/lib/hoy');
    assert.equal(config.execRoot, '/run/hoy');
    assert.deepEqual(config.hosts, [{ kind: 'unix', path: '/run/hoy/hoy.sock', text: 'unix:///run/hoy/hoy.sock' }]);
    assert.equal(config.liveRestore, true);
    assert.equal(config.logDriver, 'json-file');
    assert.equal(config.shutdownTimeoutSeconds, 15);
    assert.equal(config.defaultShmSizeBytes, 64 * 1024 * 1024);
    assert.equal(config.tls, undefined);
  });

  test('an empty daemon.json is as good as none', () => {
    assert.equal(load([], '  \n').logLevel, 'info');
  });
});

describe('flags and daemon.json mean the same', () => {
  const CASES: [flags: string[], file: object, read: (config: DaemonConfig) => unknown, expected: unknown][] = [
    [['-D'], { debug: true }, (config) => config.logLevel, 'debug'],
    [['-l', 'warn'], { 'log-level': 'warn' }, (config) => config.logLevel, 'warn'],
    [['--label', 'a=b', '--label=c=d'], { labels: ['a=b', 'c=d'] }, (config) => config.labels, ['a=b', 'c=d']],
    [['--live-restore=false'], { 'live-restore': false }, (config) => config.liveRestore, false],
    [['--data-root', '/x'], { 'data-root': '/x' }, (config) => config.dataRoot, '/x'],
    [['--log-opt', 'max-size=1m'], { 'log-opts': { 'max-size': '1m' } }, (c) => c.logOptions, { 'max-size': '1m' }],
    [
      ['--add-runtime', 'mine=/usr/bin/crun'],
      { runtimes: { mine: { path: '/usr/bin/crun' } } },
      (config) => config.runtimes,
      { mine: { path: '/usr/bin/crun', args: [] } },
    ],
    [
      ['--default-ulimit', 'nofile=10:20'],
      { 'default-ulimits': { nofile: { Name: 'nofile', Soft: 10, Hard: 20 } } },
      (config) => config.defaultUlimits,
      { nofile: { name: 'nofile', soft: 10, hard: 20 } },
    ],
    [['--bip', '10.0.0.1/24'], { bip: '10.0.0.1/24' }, (config) => config.network, { bip: '10.0.0.1/24' }],
    [['--iptables=false'], { iptables: false }, (config) => config.network, { iptables: false }],
    [
      ['--default-address-pool', 'base=10.0.0.0/8,size=24'],
      { 'default-address-pools': [{ base: '10.0.0.0/8', size: 24 }] },
      (config) => config.network,
      { 'default-address-pools': [{ base: '10.0.0.0/8', size: 24 }] },
    ],
    [['--host-gateway-ip', '10.0.0.1'], { 'host-gateway-ip': '10.0.0.1' }, (c) => c.hostGatewayIps, ['10.0.0.1']],
    [['--default-shm-size', '1G'], { 'default-shm-size': '1G' }, (config) => config.defaultShmSizeBytes, 2 ** 30],
    [
      ['--registry-mirror', 'https://m.example'],
      { 'registry-mirrors': ['https://m.example'] },
      (config) => config.registryMirrors,
      ['https://m.example/'],
    ],
    [
      ['--feature', 'a', '--feature', 'b=false'],
      { features: { a: true, b: false } },
      (c) => c.features,
      { a: true, b: false },
    ],
    [['--exec-opt', 'native.cgroupdriver=cgroupfs'], { 'exec-opts': ['native.cgroupdriver=cgroupfs'] }, () => 1, 1],
  ];
  for (const [flags, file, read, expected] of CASES) {
    test(flags.join(' '), () => {
      assert.deepEqual(read(load(flags)), expected);
      assert.deepEqual(read(load([], file)), expected);
    });
  }

  test('what belongs together is taken together', () => {
    const argv = [
      '--bip',
      '10.0.0.1/24',
      '--bip6',
      'fd00::1/64',
      '--icc=false',
      '--ip6tables=false',
      '--ip',
      '::1',
      '--mtu',
      '1400',
      '-b',
      '',
    ];
    assert.deepEqual(load(argv).network, {
      ...{ bip: '10.0.0.1/24', bip6: 'fd00::1/64', icc: false, ip6tables: false, ip: '::1', mtu: 1400, bridge: '' },
    });
    assert.deepEqual(load(['--storage-opt', 'overlay2.override_kernel_check=true']).storageOptions.length, 1);
  });

  test('runtimes of both are joined', () => {
    const config = load(['--add-runtime', 'a=/a'], { runtimes: { b: { path: '/b', runtimeArgs: ['--x'] } } });
    assert.deepEqual(Object.keys(config.runtimes).sort(), ['a', 'b']);
  });
});

describe('what is refused says why', () => {
  const CASES: [argv: string[], file: unknown, reason: RegExp][] = [
    [['--nope'], {}, /^unknown flag: --nope$/],
    [['-x'], {}, /^unknown shorthand flag: 'x' in -x$/],
    [['--data-root'], {}, /^flag needs an argument: --data-root$/],
    [
      ['--mtu', 'big'],
      {},
      /^invalid argument "big" for "--mtu" flag: strconv.ParseInt: parsing "big": invalid syntax$/,
    ],
    [['--debug=perhaps'], {}, /^invalid argument "perhaps" for "--debug" flag: strconv.ParseBool/],
    [['serve'], {}, /accepts no arguments/],
    [
      [],
      { nope: 1, nix: 2 },
      /with file \S+: the following directives don't match any configuration option: nope, nix$/,
    ],
    [[], { version: true }, /don't match any configuration option: version$/],
    [
      ['--log-level', 'info', '--label', 'a=b'],
      { 'log-level': 'debug', labels: ['c=d'] },
      /the following directives are specified both as a flag and in the configuration file: log-level: \(from flag: info, from file: debug\), labels: \(from flag: \[a=b\], from file: \[c=d\]\)$/,
    ],
    [
      ['--http-proxy', 'http://u:p@h'],
      { 'http-proxy': 'http://v:q@h' },
      /from flag: http:\/\/xxxxx:xxxxx@h, from file: http:\/\/xxxxx:xxxxx@h/,
    ],
    [[], '{"debug": tru', /^unable to configure the Hoy daemon with file \S+: invalid JSON: /],
    [[], '[]', /invalid JSON: the configuration must be an object$/],
    [[], { debug: 'yes' }, /invalid value for "debug": expected true or false$/],
    [[], { hosts: 'unix:///x' }, /invalid value for "hosts": expected a list of strings$/],
    [[], { mtu: 1.5 }, /invalid value for "mtu": expected an integer$/],
    [[], { runtimes: { a: {} } }, /invalid value for "runtimes"/],
    [[], { 'host-gateway-ip': '1.1.1.1', 'host-gateway-ips': [] }, /must not both be specified in the config file/],
    [['-l', 'loud'], {}, /^invalid logging level: loud/],
    [['--log-driver', 'syslog'], {}, /^invalid log driver: syslog/],
    [['--label', 'a=1', '--label', 'a=2'], {}, /^conflict labels for a=2 and a=1$/],
    [['--label', 'a'], {}, /^bad attribute format: a$/],
    [['--max-concurrent-downloads', '0'], {}, /^invalid max concurrent downloads: 0$/],
    [['--default-ulimit', 'nofile=20:10'], {}, /soft limit must be less than or equal to hard limit: 20 > 10/],
    [['--default-ulimit', 'sandwich=1'], {}, /invalid ulimit type: sandwich/],
    [['--add-runtime', 'a=/a', '--add-runtime', 'a=/b'], {}, /runtime 'a' was already defined/],
    [['--dns', 'example.com'], {}, /^IP address is not correctly formatted: example.com$/],
    [['--userns-remap', 'default'], {}, /--userns-remap is not supported/],
    [['--authorization-plugin', 'x'], {}, /--authorization-plugin is not supported/],
    [['--selinux-enabled'], {}, /--selinux-enabled is not supported/],
    [['--exec-opt', 'native.cgroupdriver=systemd'], {}, /only cgroupfs is$/],
    [['--registry-mirror', 'ftp://x'], {}, /^invalid mirror/],
    [['--default-shm-size', 'lots'], {}, /^invalid size: 'lots'$/],
    [['--data-root', ''], {}, /the path is empty$/],
    [['-H', 'npipe:////x'], {}, /unsupported proto 'npipe'$/],
    [['--log-opt', 'nope=1'], {}, /^failed to set log opts: unknown log opt 'nope' for json-file log driver$/],
    [[], { 'log-opts': { 'max-size': 'big' } }, /^failed to set log opts: invalid size: 'big'$/],
    [['--storage-opt', 'overlay2.size=1G'], {}, /^storage option overlay2.size=1G is not supported: leave it out$/],
    [['-b', 'br0', '--bip', '10.0.0.1/24'], {}, /^You specified -b & --bip, mutually exclusive options/],
    [[], { bridge: 'none', bip6: 'fd00::1/64' }, /^You specified -b & --bip6, mutually exclusive options/],
    [['--icc=false', '--iptables=false'], {}, /^You specified --iptables=false with --icc=false/],
    [['--icc=false', '--ip6tables=false', '--ipv6'], {}, /^You specified --ip6tables=false with --icc=false/],
    [['--bip', '10.0.0.1'], {}, /^invalid bip: "10.0.0.1" is not an IPv4 address with the length of its prefix/],
    [['--bip', '10.0.0.1/33'], {}, /^invalid bip: "10.0.0.1\/33"/],
    [['--fixed-cidr-v6', '10.0.0.0/8'], {}, /^invalid fixed-cidr-v6: "10.0.0.0\/8" is not an IPv6 address with/],
    [['--default-gateway', 'fd00::1'], {}, /^invalid default-gateway: "fd00::1" is not an IPv4 address$/],
    [['--ip', 'any'], {}, /^invalid ip: "any" is not an IP address$/],
    [['--mtu', '-1'], {}, /^invalid mtu: -1$/],
    [['--default-address-pool', 'base=10.0.0.0/8,size=33'], {}, /^invalid address pool: 10.0.0.0\/8 can't be cut/],
    [['--default-address-pool', 'base=x,size=24'], {}, /^invalid default-address-pools: "x" is not an IP address with/],
    [['--firewall-backend', 'pf'], {}, /^invalid firewall-backend: pf \(one of iptables, nftables\)$/],
  ];
  for (const [argv, file, reason] of CASES) {
    test(`${argv.join(' ')} ${JSON.stringify(file)}`, () => {
      assert.throws(
        () => load(argv, file),
        (error: Error) => {
          assert.match(error.message, reason);
          return true;
        },
      );
    });
  }

  test('a daemon.json that was named must exist', () => {
    assert.throws(() => loadConfig(['--config-file', '/nonexistent/daemon.json']), /no such file or directory$/);
  });
});

describe('TCP without client certificates', () => {
  test('is allowed on loopback addresses', () => {
    for (const host of ['tcp://127.0.0.1:2375', 'tcp://localhost:1', 'tcp://[::1]:1', 'tcp://127.9.9.9:1']) {
      assert.equal(load(['-H', host]).hosts.length, 1, host);
    }
  });

  test('is refused elsewhere unless it is asked for twice', () => {
    for (const host of ['tcp://0.0.0.0:2375', 'tcp://192.0.2.1:1', 'tcp://[::]:1', 'tcp://example.com:1']) {
      assert.throws(() => load(['-H', host]), /refusing to listen on .* without verified client certificates/, host);
      assert.equal(load(['-H', host, '--tls=false']).hosts.length, 1);
      assert.equal(load(['-H', host], { tlsverify: false }).hosts.length, 1);
    }
  });

  test('naming --tlsverify turns TLS on and moves the default port', () => {
    const config = load(['-H', 'tcp://0.0.0.0', '--tlsverify', '--tlscacert', '/ca.pem']);
    assert.deepEqual(config.hosts[0], { kind: 'tcp', address: '0.0.0.0', port: 2376, text: 'tcp://0.0.0.0:2376' });
    assert.equal(config.tls?.caFile, '/ca.pem');
    assert.equal(config.tls?.verify, true);
  });

  test('--tls alone verifies the client too', () => {
    assert.equal(load(['--tls']).tls?.verify, true);
    assert.equal(load(['--tls', '--tlsverify=false']).tls?.verify, false);
  });
});

describe('a reload', () => {
  test('takes what can change and names what waits for a restart', () => {
    const current = load([]);
    const next = load(['--data-root', '/other'], { debug: true, labels: ['a=b'], 'shutdown-timeout': 3 });
    const waiting = applyReload(current, next);
    assert.deepEqual(waiting, ['configFile', 'dataRoot']);
    assert.equal(current.logLevel, 'debug');
    assert.deepEqual(current.labels, ['a=b']);
    assert.equal(current.shutdownTimeoutSeconds, 3);
    assert.equal(current.dataRoot, '/var/lib/hoy');
  });
});
