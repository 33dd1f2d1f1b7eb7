// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import type { MountRequest } from '#model/container.ts';
import type { HostProbe } from '#runtime/spec/host-probe.ts';
import type { OciMount } from '#runtime/spec/oci.ts';
import type { SecurityOptions } from '#runtime/spec/security-options.ts';
import { mergeTmpfsOptions } from '#runtime/spec/tmpfs-options.ts';
import type { HostFacts, SpecInput } from '#runtime/types.ts';

export const INIT_TARGET = '/sbin/docker-init';

type BindRequest = Extract<MountRequest, { type: 'bind' }>;
type TmpfsRequest = Extract<MountRequest, { type: 'tmpfs' }>;

export interface ContainerMounts {
  mounts: OciMount[];
  rootfsPropagation?: string;
}

/** The mounts of every container, outermost first. */
function defaultMounts(shmSizeBytes: number): OciMount[] {
  const kernel = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: kernel },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...kernel, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', ...kernel] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: kernel },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...kernel, 'mode=1777', `size=${shmSizeBytes}`],
    },
  ];
}

/** All mounts of a container in the order the runtime makes them. Throws where the caller's can't be honoured. */
export function containerMounts(input: SpecInput, security: SecurityOptions, probe: HostProbe): ContainerMounts {
  const { hostConfig } = input;
  const requested = requestedMounts(input, probe);
  const targets = new Set(requested.mounts.map((mount) => mount.destination));
  const own = defaultMounts(hostConfig.shmSizeBytes).filter((mount) => isWanted(mount.destination, targets, input));
  if (usesInit(input)) {
    own.push({ destination: INIT_TARGET, type: 'bind', source: input.initPath ?? '', options: ['bind', 'ro'] });
  }
  const mounts = [...own.map((mount) => adjustDefault(mount, input, security)), ...requested.mounts];
  return { ...requested, mounts };
}

/** Whether our init is process 1: only in a process namespace of the container's own. */
export function usesInit({ hostConfig, initPath, namespaces }: SpecInput): boolean {
  return hostConfig.init === true && initPath !== undefined && namespaces.pid === 'private';
}

function isWanted(destination: string, targets: ReadonlySet<string>, { hostConfig }: SpecInput): boolean {
  if (targets.has(destination)) return false;
  if (targets.has('/dev') && destination.startsWith('/dev/')) return false;
  return !(destination === '/dev/shm' && hostConfig.ipcMode === 'none');
}

const WRITABLE_ON_READONLY_ROOT = new Set(['/proc', '/dev/pts', '/dev/shm', '/dev/mqueue', '/dev']);

function adjustDefault(mount: OciMount, { hostConfig }: SpecInput, security: SecurityOptions): OciMount {
  const { destination } = mount;
  const writable =
    (destination === '/sys' && hostConfig.privileged) ||
    (destination === '/sys/fs/cgroup' && (security.writableCgroups ?? hostConfig.privileged));
  if (writable) return { ...mount, options: mount.options.filter((option) => option !== 'ro') };
  const addReadOnly =
    hostConfig.readonlyRootfs && !WRITABLE_ON_READONLY_ROOT.has(destination) && !mount.options.includes('ro');
  return addReadOnly ? { ...mount, options: [...mount.options, 'ro'] } : mount;
}

/** The caller's mounts and those that carry files of ours, shallow targets before deep ones. */
function requestedMounts(input: SpecInput, probe: HostProbe): ContainerMounts {
  const requests = input.hostConfig.mounts.map((request) => ({ ...request, target: cleanTarget(request.target) }));
  const taken = new Set(requests.map((request) => request.target));
  const ours = ownFiles(input).filter((mount) => !taken.has(mount.destination));
  const theirs = requests.map((request) =>
    request.type === 'bind' ? bindMount(request, input, probe) : tmpfsMount(request),
  );
  const depth = ({ destination }: OciMount): number => (destination === '/' ? 0 : destination.split('/').length - 1);
  const mounts = [...theirs, ...ours].sort((a, b) => depth(a) - depth(b));
  const rootfsPropagation = neededRootPropagation(requests);
  return { mounts, ...(rootfsPropagation ? { rootfsPropagation } : {}) };
}

function cleanTarget(target: string): string {
  const clean = posix.normalize(target);
  return clean.length > 1 ? clean.replace(/\/$/, '') : clean;
}

function ownFiles({ files, shmSource, hostConfig }: SpecInput): OciMount[] {
  const readOnly = hostConfig.readonlyRootfs ? ['ro'] : [];
  const mounts = files.map(({ source, target }) =>
    bind(source, cleanTarget(target), ['rbind', ...readOnly, 'rprivate']),
  );
  if (shmSource !== undefined && hostConfig.ipcMode !== 'none') {
    mounts.push(bind(shmSource, '/dev/shm', ['rbind', 'rprivate']));
  }
  return mounts;
}

const bind = (source: string, destination: string, options: string[]): OciMount => ({
  destination,
  type: 'bind',
  source,
  options,
});

function bindMount(request: BindRequest, { hostConfig, host }: SpecInput, probe: HostProbe): OciMount {
  checkPropagation(request, probe);
  const options = [request.nonRecursive ? 'bind' : 'rbind'];
  if (request.readOnly) options.push(readOnlyOption(request, host, hostConfig.runtime, probe));
  options.push(request.propagation);
  return bind(request.source, request.target, options);
}

/** `rro` makes what is mounted below the source read-only too. A single file has nothing below it, and crun 1.8 fails on it. */
function readOnlyOption(request: BindRequest, host: HostFacts, runtime: string, probe: HostProbe): 'ro' | 'rro' {
  if (request.readOnlyNonRecursive && request.readOnlyForceRecursive) {
    throw invalidParameter('mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive');
  }
  if (request.readOnlyNonRecursive) return 'ro';
  if (recursiveReadOnlySupported(host, runtime)) return probe.device(request.source) === 'directory' ? 'rro' : 'ro';
  if (request.readOnlyForceRecursive) {
    throw invalidParameter('rro is not supported: it needs kernel 5.12 or newer and crun or runc as the runtime');
  }
  return 'ro';
}

const RECURSIVE_READ_ONLY_RUNTIMES = new Set(['', 'crun', 'runc', 'io.containerd.runc.v2']);

function recursiveReadOnlySupported({ kernel }: HostFacts, runtime: string): boolean {
  const hasMountSetattr = kernel.major > 5 || (kernel.major === 5 && kernel.minor >= 12);
  return hasMountSetattr && RECURSIVE_READ_ONLY_RUNTIMES.has(runtime);
}

/** A mount can only pass on events that its source takes part in. */
function checkPropagation({ propagation, source }: BindRequest, probe: HostProbe): void {
  if (propagation.endsWith('private')) return;
  const { mountPoint, isShared, isSlave } = probe.propagation(source);
  const wantsShared = propagation.endsWith('shared');
  if (isShared || (isSlave && !wantsShared)) return;
  const needed = wantsShared ? 'shared' : 'shared or slave';
  throw invalidParameter(`path ${source} is mounted on ${mountPoint} but it is not a ${needed} mount`);
}

/** The container's root must not be more private than what is mounted into it. */
function neededRootPropagation(requests: readonly MountRequest[]): 'shared' | 'rslave' | undefined {
  const wanted = requests.flatMap((request) => (request.type === 'bind' ? [request.propagation] : []));
  if (wanted.some((propagation) => propagation.endsWith('shared'))) return 'shared';
  return wanted.some((propagation) => propagation.endsWith('slave')) ? 'rslave' : undefined;
}

function tmpfsMount({ target, options, sizeBytes, mode }: TmpfsRequest): OciMount {
  const given = [...options];
  if (mode !== undefined && mode !== 0) given.push(`mode=${mode.toString(8)}`);
  if (sizeBytes !== undefined && sizeBytes !== 0) given.push(`size=${sizeBytes}`);
  const merged = mergeTmpfsOptions(['noexec', 'nosuid', 'nodev', 'rprivate', ...given.filter(Boolean)]);
  return { destination: target, type: 'tmpfs', source: 'tmpfs', options: merged };
}
