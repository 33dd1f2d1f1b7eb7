// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceMapping, HostConfig } from '#model/container.ts';
import {
  type ContainerDevices,
  containerDevices,
  DEFAULT_DEVICE_RULES,
  parseDeviceRule,
} from '#runtime/spec/devices.ts';
import { FAKE_HOST, fakeProbe } from '#runtime/spec/fake-probe.ts';
import { deviceNumbers, hostProbe, walkDevices } from '#runtime/spec/host-probe.ts';

const probe = fakeProbe({
  devices: {
    '/dev/fuse': { type: 'c', major: 10, minor: 229 },
    '/dev/snd/pcm': { type: 'c', major: 116, minor: 2 },
    '/dev/snd/by/seq': { type: 'c', major: 116, minor: 1 },
  },
  directories: ['/dev/snd', '/dev/snd/', '/etc'],
  others: ['/etc/passwd'],
});

type Options = Partial<Pick<HostConfig, 'devices' | 'deviceCgroupRules' | 'privileged'>>;

const make = (options: Options): ContainerDevices =>
  containerDevices({ devices: [], deviceCgroupRules: [], privileged: false, ...options }, FAKE_HOST, probe);

const mapping = (pathOnHost: string, pathInContainer = pathOnHost, cgroupPermissions = 'rwm'): DeviceMapping => ({
  pathOnHost,
  pathInContainer,
  cgroupPermissions,
});

test('everything is denied first, then the harmless few are allowed', () => {
  const { devices, rules } = make({});
  assert.deepEqual(devices, []);
  assert.deepEqual(rules, DEFAULT_DEVICE_RULES);
  assert.deepEqual(rules[0], { allow: false, access: 'rwm' });
  const open = rules.filter(({ allow }) => allow).map(({ major, minor }) => `${major}:${minor}`);
  assert.deepEqual(open, ['1:5', '1:3', '1:9', '1:8', '5:0', '5:1']);
});

test('a device is made under its new name, with the access asked for', () => {
  const { devices, rules } = make({ devices: [mapping('/dev/fuse', '/dev/f', 'r')] });
  assert.deepEqual(devices, [{ path: '/dev/f', type: 'c', major: 10, minor: 229, fileMode: 0o660, uid: 0, gid: 6 }]);
  assert.deepEqual(rules.at(-1), { allow: true, type: 'c', major: 10, minor: 229, access: 'r' });
});

for (const directory of ['/dev/snd', '/dev/snd/']) {
  test(`all devices below ${directory} are made`, () => {
    const { devices } = make({ devices: [mapping(directory, '/dev/sound')] });
    assert.deepEqual(
      devices.map(({ path }) => path),
      ['/dev/sound/pcm', '/dev/sound/by/seq'],
    );
  });
}

const REFUSED: [path: string, reason: string][] = [
  ['/dev/missing', 'no such file or directory'],
  ['/etc/passwd', 'not a device node'],
  ['/etc', 'not a device node'],
];

for (const [path, reason] of REFUSED) {
  test(`${path} is refused as a device: ${reason}`, () => {
    assert.throws(() => make({ devices: [mapping(path)] }), {
      code: 'invalid-parameter',
      message: `error gathering device information while adding custom device "${path}": ${reason}`,
    });
  });
}

test('access must be some of r, w and m', () => {
  for (const access of ['', 'x', 'rwmr']) {
    assert.throws(() => make({ devices: [mapping('/dev/fuse', '/dev/fuse', access)] }), { code: 'invalid-parameter' });
  }
});

test('privileged containers get every device, and those with another name beside', () => {
  const { devices, rules } = make({
    privileged: true,
    devices: [mapping('/dev/fuse', '/dev/f'), mapping('/dev/snd/pcm')],
  });
  assert.deepEqual(
    devices.map(({ path }) => path),
    ['/dev/null', '/dev/f'],
  );
  assert.deepEqual(rules, [{ allow: true, access: 'rwm' }]);
});

test('rules of the devices control group are read', () => {
  assert.deepEqual(parseDeviceRule('c 1:3 mr'), { allow: true, type: 'c', major: 1, minor: 3, access: 'mr' });
  assert.deepEqual(parseDeviceRule('b *:* rwm'), { allow: true, type: 'b', access: 'rwm' });
  assert.deepEqual(make({ deviceCgroupRules: ['a 7:* rwm'] }).rules.at(-1), {
    allow: true,
    type: 'a',
    major: 7,
    access: 'rwm',
  });
});

for (const rule of ['', 'a', 'c 1:3', 'c 1:3 rwx', 'x 1:3 r', 'c -1:3 r', 'c 1:3 rwm\nc 1:4 rwm', ' c 1:3 r']) {
  test(`the rule ${JSON.stringify(rule)} is refused`, () => {
    assert.throws(() => parseDeviceRule(rule), { message: `invalid device cgroup rule format: '${rule}'` });
  });
}

test('a number that no device has is refused', () => {
  assert.throws(() => parseDeviceRule('c 99999999999999999999:1 r'), /invalid major value/);
});

test('this host’s own devices are told with their numbers', () => {
  const zero = hostProbe.device('/dev/zero');
  assert.ok(typeof zero === 'object');
  assert.deepEqual([zero.type, zero.major, zero.minor], ['c', 1, 5]);
  assert.deepEqual(
    [hostProbe.device('/etc'), hostProbe.device('/etc/passwd'), hostProbe.device('/nope')],
    ['directory', 'other', undefined],
  );
  const paths = [...walkDevices('/dev', true)].map(({ path }) => path);
  assert.ok(paths.includes('/dev/null'));
  assert.equal(
    paths.some((path) => path.startsWith('/dev/pts/')),
    false,
  );
});

test('large device numbers are taken apart as the C library puts them together', () => {
  const makedev = (major: bigint, minor: bigint): number =>
    Number(
      ((major & 0xfffn) << 8n) | ((major & 0xfffff000n) << 32n) | (minor & 0xffn) | ((minor & 0xffffff00n) << 12n),
    );
  for (const [major, minor] of [
    [8, 0],
    [259, 70_000],
    [4095, 1_048_575],
  ] as const) {
    assert.deepEqual(deviceNumbers(makedev(BigInt(major), BigInt(minor))), { major, minor });
  }
});
