// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerRecord, hostConfig } from '#container/container-testing.ts';
import { noSuchContainer } from '#container/failures.ts';
import { resolveNamespaces, shmSource } from '#container/namespaces.ts';
import type { ContainerRecord, ContainerState, HostConfig } from '#model/container.ts';

const RUNNING: ContainerState = { status: 'running', pid: 42, startedAt: new Date(0) };

const record = (more: Partial<HostConfig>, state?: ContainerState): ContainerRecord =>
  containerRecord({ hostConfig: hostConfig(more), ...(state && { state }) });

const donor = (more: Partial<HostConfig> = {}, state: ContainerState = RUNNING): ContainerRecord => ({
  ...record(more, state),
  name: 'donor',
});

const finder =
  (...records: ContainerRecord[]) =>
  (ref: string): ContainerRecord => {
    const found = records.find(({ id, name }) => ref === id || ref === name);
    if (!found) throw noSuchContainer(ref);
    return found;
  };

test('by default a container shares nothing but the users', () => {
  const namespaces = resolveNamespaces(record({ cgroupnsMode: 'private', networkMode: 'bridge' }), finder());
  assert.deepEqual(namespaces, {
    network: 'private',
    ipc: 'private',
    pid: 'private',
    uts: 'private',
    cgroup: 'private',
    user: 'host',
  });
});

test('a container may share what is the host’s', () => {
  const modes = {
    networkMode: 'host',
    ipcMode: 'host',
    pidMode: 'host',
    utsMode: 'host',
    cgroupnsMode: 'host',
  } as const;
  const namespaces = resolveNamespaces(record(modes), finder());
  assert.deepEqual(new Set(Object.values(namespaces)), new Set(['host']));
});

test('another container’s namespaces are those of its process', () => {
  const modes = { networkMode: 'container:donor', ipcMode: 'container:donor', pidMode: 'container:donor' };
  const { network, ipc, pid } = resolveNamespaces(record(modes), finder(donor()));
  assert.deepEqual([network, ipc, pid], ['/proc/42/ns/net', '/proc/42/ns/ipc', '/proc/42/ns/pid']);
});

test('a container that doesn’t run has nothing to share', () => {
  const stopped = donor({}, { status: 'created', error: '', exitCode: 0 });
  const cases: [Partial<HostConfig>, string][] = [
    [
      { networkMode: 'container:donor' },
      'cannot join network namespace of a non running container: container donor is created',
    ],
    [{ ipcMode: 'container:donor' }, 'failed to join IPC namespace: container donor is not running'],
    [{ pidMode: 'container:donor' }, 'failed to join PID namespace: container donor is not running'],
    [{ pidMode: 'container:gone' }, 'failed to join PID namespace: No such container: gone'],
    [{ networkMode: 'container:gone' }, 'No such container: gone'],
  ];
  for (const [modes, message] of cases) {
    assert.throws(() => resolveNamespaces(record(modes), finder(stopped)), { message });
  }
});

test('a container can’t join its own network', () => {
  const own = record({ networkMode: 'container:donor' }, RUNNING);
  assert.throws(() => resolveNamespaces(own, finder({ ...own, name: 'donor' })), {
    message: 'cannot join own network namespace',
  });
});

test('/dev/shm is the host’s, its own to share, or the donor’s', () => {
  const own = (id: string): string => `/run/${id}/shm`;
  const shareable = donor({ ipcMode: 'shareable' });
  const itself = record({ ipcMode: 'shareable' });
  assert.equal(shmSource(record({ ipcMode: 'private' }), finder(), own), undefined);
  assert.equal(shmSource(record({ ipcMode: 'none' }), finder(), own), undefined);
  assert.equal(shmSource(record({ ipcMode: 'host' }), finder(), own), '/dev/shm');
  assert.equal(shmSource(itself, finder(), own), own(itself.id));
  const joining = record({ ipcMode: 'container:donor' });
  assert.equal(shmSource(joining, finder(shareable), own), own(shareable.id));
  assert.throws(() => shmSource(joining, finder(donor({ ipcMode: 'private' })), own), {
    code: 'invalid-parameter',
    message: /non-shareable IPC \(hint: use IpcMode:shareable for the donor container\)$/,
  });
});
