// SPDX-License-Identifier: Apache-2.0

import { isRestarting, notRunning, withContext } from '#container/failures.ts';
import { isLive } from '#container/state.ts';
import { conflict, EngineError, invalidParameter } from '#core/errors.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { SpecInput } from '#runtime/types.ts';

export type FindContainer = (ref: string) => ContainerRecord;

const JOINED = /^container:(.+)$/;

/** The container that a mode such as `container:ID` names. */
export const joinedContainer = (mode: string): string | undefined => JOINED.exec(mode)?.[1];

/**
 * Where each namespace of a container comes from. Throws, in Docker's words, when one is to be shared with a container
 * that doesn't run.
 */
export function resolveNamespaces(record: ContainerRecord, find: FindContainer): SpecInput['namespaces'] {
  const { networkMode, ipcMode, pidMode, utsMode, cgroupnsMode } = record.hostConfig;
  return {
    network: networkNamespace(record, networkMode, find),
    ipc: sharedNamespace(ipcMode, 'ipc', find),
    pid: sharedNamespace(pidMode, 'pid', find),
    uts: utsMode === 'host' ? 'host' : 'private',
    cgroup: cgroupnsMode === 'host' ? 'host' : 'private',
    user: 'host',
  };
}

function networkNamespace(record: ContainerRecord, mode: string, find: FindContainer): string {
  const ref = joinedContainer(mode);
  // Without networks of their own yet, `default` and `bridge` are an empty one, as `none` is.
  if (ref === undefined) return mode === 'host' ? 'host' : 'private';
  const target = find(ref);
  if (target.id === record.id) throw new EngineError('internal', 'cannot join own network namespace');
  if (target.state.status === 'restarting') throw isRestarting(ref);
  if (isLive(target.state)) return `/proc/${target.state.pid}/ns/net`;
  throw conflict(
    `cannot join network namespace of a non running container: container ${target.name} is ${target.state.status}`,
  );
}

function sharedNamespace(mode: string, kind: 'ipc' | 'pid', find: FindContainer): string {
  const ref = joinedContainer(mode);
  if (ref === undefined) return mode === 'host' ? 'host' : 'private';
  try {
    return `/proc/${livePid(ref, find)}/ns/${kind}`;
  } catch (error) {
    throw withContext(`failed to join ${kind.toUpperCase()} namespace`, error);
  }
}

function livePid(ref: string, find: FindContainer): number {
  const { state } = find(ref);
  if (isLive(state)) return state.pid;
  throw state.status === 'restarting' ? isRestarting(ref) : notRunning(ref);
}

/**
 * What is bound to /dev/shm when it is shared: the host's, the container's own (`shareable`), or that of the container
 * whose IPC namespace it joins. `undefined`: the runtime gives it one that nobody else sees.
 */
export function shmSource(
  record: ContainerRecord,
  find: FindContainer,
  ownShm: (id: string) => string,
): string | undefined {
  const { ipcMode } = record.hostConfig;
  if (ipcMode === 'host') return '/dev/shm';
  if (ipcMode === 'shareable') return ownShm(record.id);
  const ref = joinedContainer(ipcMode);
  if (ref === undefined) return undefined;
  const target = find(ref);
  const source = target.id === record.id ? undefined : shmSource(target, find, ownShm);
  if (source !== undefined) return source;
  throw invalidParameter(
    `failed to join IPC namespace: container ${ref}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}
