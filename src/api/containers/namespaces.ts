// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { ContainerConfig, HostConfig } from '#model/container.ts';
import type { HostConfig as WireHostConfig } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';

type Namespaces = Pick<HostConfig, 'networkMode' | 'ipcMode' | 'pidMode' | 'utsMode' | 'usernsMode' | 'cgroupnsMode'>;

const SHARED = /^container:./;

/** The namespace modes, each checked by itself. */
export function toNamespaces(wire: WireHostConfig, { version }: Mapping): Namespaces {
  const ipcMode = wire.IpcMode || (version.before('1.40') ? 'shareable' : '');
  const pidMode = wire.PidMode ?? '';
  const utsMode = wire.UTSMode ?? '';
  const usernsMode = wire.UsernsMode ?? '';
  const cgroupnsMode: string = wire.CgroupnsMode ?? '';
  if (!['', 'none', 'private', 'shareable', 'host'].includes(ipcMode) && !SHARED.test(ipcMode)) {
    throw invalidParameter(`invalid IPC mode: ${ipcMode}`);
  }
  if (!['', 'host'].includes(pidMode) && !SHARED.test(pidMode)) throw invalidParameter(`invalid PID mode: ${pidMode}`);
  if (!isHostOrUnset(utsMode)) throw invalidParameter(`invalid UTS mode: ${utsMode}`);
  if (!isHostOrUnset(usernsMode)) throw invalidParameter(`invalid user namespace mode: ${usernsMode}`);
  if (cgroupnsMode !== '' && cgroupnsMode !== 'private' && cgroupnsMode !== 'host') {
    throw invalidParameter(`invalid cgroup namespace mode: ${cgroupnsMode}`);
  }
  return { networkMode: networkMode(wire.NetworkMode ?? ''), ipcMode, pidMode, utsMode, usernsMode, cgroupnsMode };
}

const isHostOrUnset = (mode: string): mode is '' | 'host' => mode === '' || mode === 'host';

function networkMode(mode: string): string {
  if (mode === 'container' || mode === 'container:') {
    throw invalidParameter('invalid network mode: invalid container format container:<name|id>');
  }
  return mode === '' ? 'default' : mode;
}

/** What contradicts a namespace that is shared with the host or another container. */
export function checkNamespaceConflicts(config: ContainerConfig, hostConfig: HostConfig): void {
  const { networkMode, utsMode } = hostConfig;
  if (networkMode.startsWith('container:')) checkSharedNetwork(config, hostConfig);
  if (utsMode === 'host' && config.hostname !== '') {
    throw invalidParameter('conflicting options: hostname and the UTS mode');
  }
}

function checkSharedNetwork(config: ContainerConfig, hostConfig: HostConfig): void {
  const conflicts: [given: boolean, message: string][] = [
    [config.hostname !== '', 'hostname and the network mode'],
    [hostConfig.dns.length > 0, 'dns and the network mode'],
    [hostConfig.extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [
      Object.keys(hostConfig.portBindings).length > 0 || hostConfig.publishAllPorts,
      'port publishing and the container type network mode',
    ],
    [config.exposedPorts.length > 0, 'port exposing and the container type network mode'],
  ];
  for (const [given, message] of conflicts) {
    if (given) throw invalidParameter(`conflicting options: ${message}`);
  }
}
