// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '#model/container.ts';
import { buildSpec } from '#runtime/spec/build.ts';
import { FAKE_HOST, fakeInput, fakeProbe } from '#runtime/spec/fake-probe.ts';
import type { ContainerSpec } from '#runtime/spec/oci.ts';
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '#runtime/spec/paths.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import { buildExecProcess, type ExecProcessInput } from '#runtime/spec/process.ts';
import type { SpecInput } from '#runtime/types.ts';

const build = (hostConfig: Partial<HostConfig> = {}, input: Partial<SpecInput> = {}): ContainerSpec =>
  buildSpec(fakeInput({ hostConfig: { ...PLAIN_HOST_CONFIG, ...hostConfig }, ...input }), fakeProbe());

test('a plain container is confined as Docker confines it', () => {
  const { process, root, hostname, linux, ociVersion } = build();
  assert.equal(ociVersion, '1.0.2');
  assert.deepEqual(root, { path: '/data/rootfs', readonly: false });
  assert.equal(hostname, 'web');
  assert.deepEqual([process.args, process.cwd, process.terminal], [['/bin/server', '-v'], '/srv', false]);
  assert.deepEqual([process.noNewPrivileges, process.oomScoreAdj, process.rlimits], [false, 0, undefined]);
  assert.equal(process.capabilities.bounding.length, 14);
  assert.deepEqual(linux.maskedPaths, DEFAULT_MASKED_PATHS);
  assert.deepEqual(linux.readonlyPaths, DEFAULT_READONLY_PATHS);
  assert.equal(linux.seccomp?.defaultAction, 'SCMP_ACT_ERRNO');
  assert.equal(linux.cgroupsPath, '/docker/f');
  assert.deepEqual(
    linux.namespaces.map(({ type }) => type),
    ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'],
  );
});

test('a privileged container has nothing masked, filtered or denied', () => {
  const { process, linux } = build({ privileged: true });
  assert.deepEqual([linux.maskedPaths, linux.readonlyPaths, linux.seccomp], [[], [], undefined]);
  assert.deepEqual(linux.resources.devices, [{ allow: true, access: 'rwm' }]);
  assert.equal(process.capabilities.effective.length, FAKE_HOST.capabilities.size);
});

test('masked and read-only paths are the caller’s if given, and more on machines with thermal counters', () => {
  const thermal = ['/sys/devices/system/cpu/cpu0/thermal_throttle'];
  assert.ok(build({}, { host: { ...FAKE_HOST, maskedPaths: thermal } }).linux.maskedPaths.includes(thermal[0] ?? ''));
  const own = build({ maskedPaths: [], readonlyPaths: ['/proc/x'], privileged: true }).linux;
  assert.deepEqual([own.maskedPaths, own.readonlyPaths], [[], ['/proc/x']]);
  const open = build({ securityOpt: ['systempaths=unconfined'] }).linux;
  assert.deepEqual([open.maskedPaths, open.readonlyPaths], [[], []]);
});

test('namespaces are new, joined, or the host’s', () => {
  const { linux, hostname } = build(
    {},
    {
      namespaces: {
        network: '/run/netns/x',
        ipc: 'host',
        pid: '/proc/7/ns/pid',
        uts: 'host',
        cgroup: 'host',
        user: '/proc/7/ns/user',
      },
    },
  );
  assert.deepEqual(linux.namespaces, [
    { type: 'mount' },
    { type: 'network', path: '/run/netns/x' },
    { type: 'pid', path: '/proc/7/ns/pid' },
    { type: 'user', path: '/proc/7/ns/user' },
  ]);
  assert.equal(hostname, undefined);
});

test('a terminal has a size only if there is a terminal and a size', () => {
  const config = { ...PLAIN_CONFIG, tty: true };
  const size = (hostConfig: Partial<HostConfig>, input: Partial<SpecInput>) =>
    build(hostConfig, input).process.consoleSize;
  assert.deepEqual(size({ consoleSize: [24, 80] }, { config }), { height: 24, width: 80 });
  assert.equal(size({ consoleSize: [24, 80] }, {}), undefined);
  assert.equal(size({}, { config }), undefined);
});

test('the init runs the command, with a separator before it', () => {
  const { process } = build({ init: true }, { initPath: '/usr/lib/hoy/hoy-init' });
  assert.deepEqual(process.args, ['/sbin/docker-init', '--', '/bin/server', '-v']);
});

test('the own group is the first of the additional ones, each once', () => {
  const user = { uid: 5, gid: 6, additionalGids: [7, 6, 7], home: '/' };
  assert.deepEqual(build({}, { user }).process.user, { uid: 5, gid: 6, additionalGids: [6, 7] });
});

test('AppArmor confines where the host has it', () => {
  const host = { ...FAKE_HOST, apparmor: true };
  const profile = (hostConfig: Partial<HostConfig>, on = host) =>
    build(hostConfig, { host: on }).process.apparmorProfile;
  assert.equal(profile({}), 'docker-default');
  assert.equal(profile({ privileged: true }), 'unconfined');
  assert.equal(profile({ privileged: true, securityOpt: ['apparmor=mine'] }), 'mine');
  assert.equal(profile({ securityOpt: ['apparmor=mine'] }, { ...host, apparmor: false }), undefined);
});

test('limits that the host can’t keep are left out of the specification', () => {
  const host = { ...FAKE_HOST, limits: new Set(['memory'] as const) };
  const { resources } = build({ memoryBytes: 1e8, cpuShares: 5, pidsLimit: 3 }, { host }).linux;
  assert.deepEqual([resources.memory, resources.cpu, resources.pids], [{ limit: 1e8 }, undefined, undefined]);
  assert.equal(build({ memoryBytes: 1e8 }).linux.resources.memory?.swap, 2e8);
});

test('annotations are the caller’s, and none otherwise', () => {
  assert.deepEqual(build({ annotations: { a: 'b' } }).annotations, { a: 'b' });
  assert.equal('annotations' in build(), false);
});

test('the same input gives the same specification', () => {
  assert.equal(JSON.stringify(build()), JSON.stringify(build()));
});

function exec(input: Partial<ExecProcessInput> = {}) {
  return buildExecProcess({
    argv: ['ps'],
    env: ['A=b'],
    cwd: '',
    user: { uid: 1, gid: 2, additionalGids: [], home: '/' },
    tty: false,
    privileged: false,
    hostConfig: PLAIN_HOST_CONFIG,
    defaultUlimits: [],
    host: FAKE_HOST,
    ...input,
  });
}

test('a further process has the container’s confinement', () => {
  const hostConfig: HostConfig = {
    ...PLAIN_HOST_CONFIG,
    capDrop: ['ALL'],
    securityOpt: ['no-new-privileges'],
    oomScoreAdj: 5,
    ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
  };
  assert.deepEqual(exec({ hostConfig, consoleSize: [1, 2] }), {
    terminal: false,
    user: { uid: 1, gid: 2, additionalGids: [2] },
    args: ['ps'],
    env: ['A=b'],
    cwd: '/',
    capabilities: { bounding: [], effective: [], permitted: [] },
    noNewPrivileges: true,
    oomScoreAdj: 5,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }],
  });
});

test('exec --privileged gives capabilities, but takes no AppArmor profile away', () => {
  const process = exec({ privileged: true, host: { ...FAKE_HOST, apparmor: true }, tty: true, consoleSize: [3, 4] });
  assert.equal(process.capabilities.effective.length, FAKE_HOST.capabilities.size);
  assert.equal(process.apparmorProfile, 'docker-default');
  assert.deepEqual(process.consoleSize, { height: 3, width: 4 });
});
