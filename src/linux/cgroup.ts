// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/**
 * How the host's control groups are laid out. `hybrid`: v1 controllers, and a v2 hierarchy beside them that holds none or
 * the rest of them.
 */
export interface CgroupLayout {
  kind: 'v2' | 'hybrid' | 'v1';
  version: 1 | 2;
  /** v1 mount point by controller; `name=systemd` and the like too. */
  v1: ReadonlyMap<string, string>;
  /** Mount point of the v2 hierarchy. */
  unified?: string;
  /** Controllers that can limit containers: of v2 on a v2 host, else of v1. */
  controllers: ReadonlySet<string>;
}

/** Reads the layout as this process sees it. Throws if no control groups are mounted. */
export function readCgroupLayout(
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
  readControllers: (path: string) => string = readOptional,
): CgroupLayout {
  const v1 = new Map<string, string>();
  let unified: string | undefined;
  for (const { mountPoint, type, options } of cgroupMounts(mountinfo)) {
    if (type === 'cgroup2') unified ??= mountPoint;
    else for (const name of options) if (isController(name) && !v1.has(name)) v1.set(name, mountPoint);
  }
  const limiting = new Set([...v1.keys()].filter((name) => !name.startsWith('name=')));
  if (limiting.size > 0) {
    const kind = unified === undefined ? 'v1' : 'hybrid';
    return { kind, version: 1, v1, controllers: limiting, ...(unified === undefined ? {} : { unified }) };
  }
  if (unified === undefined) {
    throw new Error('no control groups are mounted: mount cgroup2 at /sys/fs/cgroup (systemd and OpenRC do)');
  }
  const controllers = readControllers(join(unified, 'cgroup.controllers')).split(/\s+/).filter(Boolean);
  return { kind: 'v2', version: 2, v1, unified, controllers: new Set(controllers) };
}

function* cgroupMounts(mountinfo: string): Generator<{ mountPoint: string; type: string; options: string[] }> {
  for (const line of mountinfo.split('\n')) {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const type = fields[separator + 1];
    if (separator < 0 || (type !== 'cgroup' && type !== 'cgroup2')) continue;
    yield { mountPoint: fields[4] ?? '', type, options: (fields[separator + 3] ?? '').split(',') };
  }
}

const NOT_CONTROLLERS = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'none', 'all']);

const isController = (option: string): boolean =>
  !NOT_CONTROLLERS.has(option) && !/^(release_agent|cpuset_v2_mode|favordynmods)/.test(option);

function readOptional(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The group `cgroupsPath` in one controller's hierarchy; `undefined` if the host has no such controller. */
export function cgroupDirectory(layout: CgroupLayout, controller: string, cgroupsPath: string): string | undefined {
  const root = layout.version === 2 ? layout.unified : layout.v1.get(controller);
  return root === undefined ? undefined : join(root, insideHierarchy(cgroupsPath));
}

/** The group `cgroupsPath` in every hierarchy, each once. */
export function cgroupDirectories(layout: CgroupLayout, cgroupsPath: string): string[] {
  const roots = new Set([...layout.v1.values(), ...(layout.unified === undefined ? [] : [layout.unified])]);
  return [...roots].map((root) => join(root, insideHierarchy(cgroupsPath)));
}

/** A path that cannot leave the hierarchy; the hierarchy's own root is refused. */
function insideHierarchy(cgroupsPath: string): string {
  const path = posix.join('/', cgroupsPath);
  if (path === '/') throw new Error(`control group path ${JSON.stringify(cgroupsPath)} is the root`);
  return path;
}

/** Where a container's group is, for a parent given by `--cgroup-parent` (default `/docker`, as tools expect). */
export function containerCgroupsPath(parent: string, id: string): string {
  return posix.join('/', parent || 'docker', id);
}

/** Files that count what the OOM killer did in the group, most telling first. */
export function oomCounterFiles(layout: CgroupLayout, cgroupsPath: string): string[] {
  const directory = cgroupDirectory(layout, 'memory', cgroupsPath);
  if (directory === undefined) return [];
  return [join(directory, layout.version === 2 ? 'memory.events' : 'memory.oom_control')];
}
