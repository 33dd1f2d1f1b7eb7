// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** A device node as the specification describes it. */
export interface DeviceNode {
  path: string;
  type: 'c' | 'b' | 'p';
  major: number;
  minor: number;
  mode: number;
  uid: number;
  gid: number;
}

/** How a mount passes on what is mounted below it. */
export interface MountPropagation {
  mountPoint: string;
  isShared: boolean;
  isSlave: boolean;
}

/** The few questions about single paths that a specification depends on; a test answers them from a table. */
export interface HostProbe {
  /** The node at `path`, links followed; `directory`, `other` for what is no device, `undefined` for nothing. */
  device(path: string): DeviceNode | 'directory' | 'other' | undefined;
  /** Every device node below a directory, links not followed. */
  devicesBelow(path: string): DeviceNode[];
  propagation(path: string): MountPropagation;
  hasSysctl(name: string): boolean;
}

export const hostProbe: HostProbe = {
  device(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return deviceNode(path, stat) ?? (stat.isDirectory() ? 'directory' : 'other');
  },
  devicesBelow: (path) => [...walkDevices(realpathSync(path))],
  propagation: (path) => propagationOf(realpathSync(path), readFileSync('/proc/self/mountinfo', 'utf8')),
  hasSysctl: (name) => existsSync(`/proc/sys/${name.replaceAll('.', '/')}`),
};

function deviceNode(path: string, stat: Stats): DeviceNode | undefined {
  const type = stat.isCharacterDevice() ? 'c' : stat.isBlockDevice() ? 'b' : stat.isFIFO() ? 'p' : undefined;
  if (type === undefined) return undefined;
  return { path, type, ...deviceNumbers(stat.rdev), mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
}

/** Takes the C library's 64-bit device number apart. */
export function deviceNumbers(rdev: number): { major: number; minor: number } {
  const wide = BigInt(rdev);
  return {
    major: Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & 0xfffff000n)),
    minor: Number((wide & 0xffn) | ((wide >> 12n) & 0xffffff00n)),
  };
}

/** Directories below /dev whose nodes belong to the host's own terminals, queues and descriptors. */
const HOST_ONLY = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']);

/** Every character and block device below `root` but the host's terminals; what vanishes meanwhile is left out. */
export function* walkDevices(root: string, skipHostOnly = false): Generator<DeviceNode> {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) {
      if (!(skipHostOnly && HOST_ONLY.has(entry.name))) yield* walkDevices(path, skipHostOnly);
      continue;
    }
    if (skipHostOnly && entry.name === 'console') continue;
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) continue;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    const node = stat && deviceNode(path, stat);
    if (node) yield node;
  }
}

/** The last mount in /proc/self/mountinfo that holds `path` decides. */
export function propagationOf(path: string, mountinfo: string): MountPropagation {
  let found: MountPropagation = { mountPoint: '/', isShared: false, isSlave: false };
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const mountPoint = unescapeOctal(fields[4] ?? '');
    if (mountPoint === '' || mountPoint.length < found.mountPoint.length || !isWithin(path, mountPoint)) continue;
    const optional = fields.slice(6, fields.indexOf('-'));
    found = {
      mountPoint,
      isShared: optional.some((field) => field.startsWith('shared:')),
      isSlave: optional.some((field) => field.startsWith('master:')),
    };
  }
  return found;
}

const isWithin = (path: string, directory: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`);

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
