// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig, MountRequest } from '#model/container.ts';
import { FAKE_HOST, fakeInput, fakeProbe } from '#runtime/spec/fake-probe.ts';
import { propagationOf } from '#runtime/spec/host-probe.ts';
import { type ContainerMounts, containerMounts } from '#runtime/spec/mounts.ts';
import type { OciMount } from '#runtime/spec/oci.ts';
import { PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import { parseSecurityOptions } from '#runtime/spec/security-options.ts';
import { mergeTmpfsOptions } from '#runtime/spec/tmpfs-options.ts';
import type { SpecInput } from '#runtime/types.ts';

const probe = fakeProbe({ directories: ['/data', '/src'], others: ['/src/file'] });

function make(hostConfig: Partial<HostConfig> = {}, input: Partial<SpecInput> = {}, on = probe): ContainerMounts {
  const merged = { ...PLAIN_HOST_CONFIG, ...hostConfig };
  return containerMounts(fakeInput({ hostConfig: merged, ...input }), parseSecurityOptions(merged.securityOpt), on);
}

const targets = ({ mounts }: ContainerMounts): string[] => mounts.map((mount) => mount.destination);

function at({ mounts }: ContainerMounts, destination: string): OciMount {
  const found = mounts.filter((mount) => mount.destination === destination);
  assert.equal(found.length, 1, destination);
  return found[0] as OciMount;
}

function bind(target: string, change: Partial<Extract<MountRequest, { type: 'bind' }>> = {}): MountRequest {
  return {
    type: 'bind',
    source: '/src',
    target,
    readOnly: false,
    propagation: 'rprivate',
    nonRecursive: false,
    createSource: false,
    readOnlyNonRecursive: false,
    readOnlyForceRecursive: false,
    form: 'mount',
    ...change,
  };
}

const tmpfs = (target: string, options: string[] = [], size?: number, mode?: number): MountRequest => ({
  type: 'tmpfs',
  target,
  options,
  form: 'tmpfs-map',
  ...(size === undefined ? {} : { sizeBytes: size }),
  ...(mode === undefined ? {} : { mode }),
});

test('every container has the kernel’s file systems, /sys and the control groups read-only', () => {
  const mounts = make();
  assert.deepEqual(targets(mounts), ['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm']);
  for (const target of ['/sys', '/sys/fs/cgroup']) assert.ok(at(mounts, target).options.includes('ro'), target);
  assert.deepEqual(at(mounts, '/dev/shm').options, ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=67108864']);
});

test('privileged containers write to /sys, others to control groups only where asked for', () => {
  const options = (hostConfig: Partial<HostConfig>, target: string): boolean =>
    at(make(hostConfig), target).options.includes('ro');
  assert.equal(options({ privileged: true }, '/sys'), false);
  assert.equal(options({ privileged: true }, '/sys/fs/cgroup'), false);
  assert.equal(options({ privileged: true, securityOpt: ['writable-cgroups=false'] }, '/sys/fs/cgroup'), true);
  assert.equal(options({ securityOpt: ['writable-cgroups'] }, '/sys/fs/cgroup'), false);
  assert.equal(options({ securityOpt: ['writable-cgroups'] }, '/sys'), true);
});

test('a mount of the caller takes the place of a default one, and all of /dev with it', () => {
  assert.deepEqual(at(make({ mounts: [bind('/dev/shm/')] }), '/dev/shm').type, 'bind');
  assert.deepEqual(targets(make({ mounts: [bind('/dev')] })), ['/proc', '/sys', '/sys/fs/cgroup', '/dev']);
});

test('shared memory is shared, its own, or none', () => {
  assert.deepEqual(at(make({}, { shmSource: '/data/shm' }), '/dev/shm'), {
    destination: '/dev/shm',
    type: 'bind',
    source: '/data/shm',
    options: ['rbind', 'rprivate'],
  });
  assert.equal(targets(make({ ipcMode: 'none' }, { shmSource: '/data/shm' })).includes('/dev/shm'), false);
  assert.equal(at(make({ mounts: [tmpfs('/dev/shm')] }, { shmSource: '/data/shm' }), '/dev/shm').type, 'tmpfs');
});

test('outer targets are mounted before inner ones', () => {
  const mounts = make({ mounts: [bind('/a/b/c'), tmpfs('/a'), bind('/a/b')] });
  assert.deepEqual(targets(mounts).slice(-3), ['/a', '/a/b', '/a/b/c']);
});

test('our files are bound unless the caller mounts something there, read-only with a read-only root', () => {
  const files = [{ source: '/data/hosts', target: '/etc/hosts' }];
  assert.deepEqual(at(make({}, { files }), '/etc/hosts').options, ['rbind', 'rprivate']);
  assert.deepEqual(at(make({ readonlyRootfs: true }, { files }), '/etc/hosts').options, ['rbind', 'ro', 'rprivate']);
  assert.equal(at(make({ mounts: [bind('/etc/hosts')] }, { files }), '/etc/hosts').source, '/src');
});

test('a read-only root leaves /dev and /proc as they are and takes the caller’s word for the rest', () => {
  const mounts = make({ readonlyRootfs: true, mounts: [bind('/data'), tmpfs('/tmp')] });
  for (const target of ['/proc', '/dev', '/dev/shm', '/data', '/tmp']) {
    assert.equal(at(mounts, target).options.includes('ro'), false, target);
  }
});

test('read-only binds reach what is mounted below, where kernel, runtime and source allow', () => {
  const options = (
    change: Parameters<typeof bind>[1],
    hostConfig: Partial<HostConfig> = {},
    input: Partial<SpecInput> = {},
  ) => at(make({ mounts: [bind('/x', { readOnly: true, ...change })], ...hostConfig }, input), '/x').options;
  const old = { host: { ...FAKE_HOST, kernel: { major: 5, minor: 11 } } };
  assert.deepEqual(options({}), ['rbind', 'rro', 'rprivate']);
  assert.deepEqual(options({ source: '/src/file' }), ['rbind', 'ro', 'rprivate']);
  assert.deepEqual(options({ readOnlyNonRecursive: true }), ['rbind', 'ro', 'rprivate']);
  assert.deepEqual(options({ nonRecursive: true, readOnly: false }), ['bind', 'rprivate']);
  assert.deepEqual(options({}, {}, old), ['rbind', 'ro', 'rprivate']);
  assert.deepEqual(options({}, { runtime: 'other' }), ['rbind', 'ro', 'rprivate']);
  assert.throws(() => options({ readOnlyForceRecursive: true }, {}, old), { code: 'invalid-parameter' });
  assert.throws(() => options({ readOnlyForceRecursive: true, readOnlyNonRecursive: true }), {
    message: 'mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive',
  });
});

test('a shared bind makes the root shared, a slave one makes it a slave', () => {
  const shared = fakeProbe({ directories: ['/src'], propagation: { isShared: true } });
  const slave = fakeProbe({ directories: ['/src'], propagation: { isSlave: true } });
  assert.equal(make({}).rootfsPropagation, undefined);
  assert.equal(make({ mounts: [bind('/x', { propagation: 'rshared' })] }, {}, shared).rootfsPropagation, 'shared');
  assert.equal(make({ mounts: [bind('/x', { propagation: 'slave' })] }, {}, slave).rootfsPropagation, 'rslave');
  const both = [bind('/x', { propagation: 'rslave' }), bind('/y', { propagation: 'shared' })];
  assert.equal(make({ mounts: both }, {}, shared).rootfsPropagation, 'shared');
});

test('a source that is not shared can’t be bound as shared', () => {
  assert.throws(() => make({ mounts: [bind('/x', { propagation: 'rshared' })] }), {
    message: 'path /src is mounted on / but it is not a shared mount',
  });
  assert.throws(() => make({ mounts: [bind('/x', { propagation: 'rslave' })] }), {
    message: 'path /src is mounted on / but it is not a shared or slave mount',
  });
});

test('the mount that holds a path is the innermost, and later ones hide earlier ones', () => {
  const mountinfo = [
    '1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw',
    '2 1 8:2 / /mnt/with\\040space rw master:5 - ext4 /dev/sdb rw',
    '3 1 8:2 / /mnt/x rw shared:2 - ext4 /dev/sdb rw',
    '4 1 8:2 / /mnt/x rw - ext4 /dev/sdb rw',
  ].join('\n');
  assert.deepEqual(propagationOf('/etc', mountinfo), { mountPoint: '/', isShared: true, isSlave: false });
  assert.equal(propagationOf('/mnt/with space/a', mountinfo).isSlave, true);
  assert.deepEqual(propagationOf('/mnt/x/y', mountinfo), { mountPoint: '/mnt/x', isShared: false, isSlave: false });
  assert.equal(propagationOf('/mnt/xy', mountinfo).mountPoint, '/');
});

test('the init is bound in only where the container has processes of its own', () => {
  const init = { initPath: '/usr/lib/hoy/hoy-init' };
  assert.equal(at(make({ init: true }, init), '/sbin/docker-init').source, init.initPath);
  const shared = { ...init, namespaces: { ...fakeInput().namespaces, pid: 'host' } };
  assert.equal(targets(make({ init: true }, shared)).includes('/sbin/docker-init'), false);
  assert.equal(targets(make({}, init)).includes('/sbin/docker-init'), false);
});

const TMPFS: [given: string[], expected: string[]][] = [
  [[], ['noexec', 'nosuid', 'nodev', 'rprivate']],
  [['exec'], ['nosuid', 'nodev', 'rprivate', 'exec']],
  [
    ['size=1m', 'size=2m', 'mode=755'],
    ['noexec', 'nosuid', 'nodev', 'rprivate', 'size=2m', 'mode=755'],
  ],
  [
    ['ro', 'rw'],
    ['noexec', 'nosuid', 'nodev', 'rprivate', 'rw'],
  ],
  [
    ['defaults', 'shared'],
    ['noexec', 'nosuid', 'nodev', 'shared'],
  ],
];

for (const [given, expected] of TMPFS) {
  test(`a tmpfs with ${given.join() || 'nothing said'} is mounted ${expected.join()}`, () => {
    assert.deepEqual(at(make({ mounts: [tmpfs('/t', given)] }), '/t').options, expected);
  });
}

test('size and mode of a tmpfs are options too', () => {
  const { options } = at(make({ mounts: [tmpfs('/t', [], 4096, 0o1777)] }), '/t');
  assert.deepEqual(options.slice(-2), ['mode=1777', 'size=4096']);
});

test('options that are none of tmpfs are refused', () => {
  assert.throws(() => mergeTmpfsOptions(['lowerdir=/etc']), { message: 'invalid tmpfs option "lowerdir"' });
  assert.throws(() => mergeTmpfsOptions(['size']), { code: 'invalid-parameter' });
});
