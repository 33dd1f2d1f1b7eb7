// SPDX-License-Identifier: Apache-2.0
import type { DeviceNode, HostProbe, MountPropagation } from '#runtime/spec/host-probe.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import type { HostFacts, SpecInput } from '#runtime/types.ts';

/** For tests: a host that is a table. */

export interface FakeHost {
  devices?: Record<string, Partial<DeviceNode> & Pick<DeviceNode, 'type' | 'major' | 'minor'>>;
  directories?: string[];
  others?: string[];
  propagation?: Partial<MountPropagation>;
  sysctls?: string[];
}

export function fakeProbe({
  devices = {},
  directories = [],
  others = [],
  propagation,
  sysctls = [],
}: FakeHost = {}): HostProbe {
  const node = (
    path: string,
    device: Partial<DeviceNode> & Pick<DeviceNode, 'type' | 'major' | 'minor'>,
  ): DeviceNode => ({
    mode: 0o660,
    uid: 0,
    gid: 6,
    ...device,
    path,
  });
  return {
    device: (path) => {
      const device = devices[path];
      if (device) return node(path, device);
      return directories.includes(path) ? 'directory' : others.includes(path) ? 'other' : undefined;
    },
    devicesBelow: (directory) =>
      Object.entries(devices)
        .filter(([path]) => path.startsWith(`${directory.replace(/\/+$/, '')}/`))
        .map(([path, device]) => node(path, device)),
    propagation: () => ({ mountPoint: '/', isShared: false, isSlave: false, ...propagation }),
    hasSysctl: (name) => sysctls.includes(name),
  };
}

export const FAKE_HOST: HostFacts = {
  cgroupVersion: 2,
  cgroupControllers: new Set(['cpu', 'memory', 'pids', 'io', 'cpuset']),
  seccompArchitectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  kernel: { major: 6, minor: 1 },
  apparmor: false,
  capabilities: new Set([
    ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FSETID', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_NET_RAW', 'CAP_SETGID'],
    ...['CAP_SETUID', 'CAP_SETFCAP', 'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT', 'CAP_KILL'],
    ...['CAP_AUDIT_WRITE', 'CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE'],
  ]),
  cpusetCpus: '0-3',
  cpusetMems: '0',
  cpuCount: 4,
  devices: () => [{ path: '/dev/null', type: 'c', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0 }],
};

export function fakeInput(input: Partial<SpecInput> = {}): SpecInput {
  return {
    id: 'f'.repeat(64),
    config: { ...PLAIN_CONFIG, hostname: 'web' },
    hostConfig: PLAIN_HOST_CONFIG,
    argv: ['/bin/server', '-v'],
    env: ['PATH=/bin'],
    cwd: '/srv',
    user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
    rootfs: '/data/rootfs',
    files: [],
    namespaces: {
      network: 'private',
      ipc: 'private',
      pid: 'private',
      uts: 'private',
      cgroup: 'private',
      user: 'host',
    },
    cgroupsPath: '/docker/f',
    defaultUlimits: [],
    host: FAKE_HOST,
    ...input,
  };
}
