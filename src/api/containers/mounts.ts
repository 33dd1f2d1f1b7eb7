// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { MountRequest, Propagation } from '#model/container.ts';
import type { Mount, HostConfig as WireHostConfig } from '#wire/types.gen.ts';
import { type BindRequest, formatBind, parseBind } from './binds.ts';
import { type Mapping, notServed } from './mapping.ts';
import { absolute, clean, notRoot, PROPAGATIONS } from './mount-paths.ts';

type TmpfsRequest = Extract<MountRequest, { type: 'tmpfs' }>;
type Refuse = (why: string) => ReturnType<typeof invalidParameter>;

/** `Binds`, `Mounts` and `Tmpfs` together. Whether sources exist is for the engine to see. */
export function toMounts(wire: WireHostConfig, mapping: Mapping): MountRequest[] {
  return [
    ...(wire.Binds ?? []).map((bind) => parseBind(bind, mapping)),
    ...(wire.Mounts ?? []).map((mount) => toMount(mount, mapping)),
    ...Object.entries(wire.Tmpfs ?? {}).map(([target, options]) => toTmpfs(target, options)),
  ];
}

function toTmpfs(target: string, options: string): TmpfsRequest {
  notRoot(target, invalidParameter);
  absolute(target, invalidParameter);
  return { type: 'tmpfs', target, options: options.split(',').filter((option) => option !== ''), form: 'tmpfs-map' };
}

function toMount(mount: Mount, mapping: Mapping): MountRequest {
  const type: string = mount.Type ?? '';
  const refuse: Refuse = (why) => invalidParameter(`invalid mount config for type ${JSON.stringify(type)}: ${why}`);
  checkOptions(mount, type, mapping, refuse);
  const target = mount.Target ?? '';
  if (target === '') throw refuse('field Target must not be empty');
  notRoot(target, refuse);
  absolute(target, refuse);
  switch (type) {
    case 'bind':
      return bindMount(mount, mapping, refuse);
    case 'tmpfs':
      return tmpfsMount(mount, refuse);
    case 'volume':
      throw notServed(`mount of ${target}: volumes are`, 'use a mount of type bind');
    case 'image':
      throw notServed(`mount of ${target}: mounts of images are`, 'use a mount of type bind');
    default:
      throw refuse('mount type unknown');
  }
}

/** Options belong to one type of mount each. Before 1.42 those of other types were overlooked. */
function checkOptions(mount: Mount, type: string, { version }: Mapping, refuse: Refuse): void {
  const options = {
    bind: 'BindOptions',
    volume: 'VolumeOptions',
    image: 'ImageOptions',
    tmpfs: 'TmpfsOptions',
  } as const;
  for (const [owner, field] of Object.entries(options)) {
    if (mount[field] === undefined || owner === type) continue;
    if (version.before('1.42') && field !== 'BindOptions') continue;
    if (field === 'ImageOptions') throw refuse(`field ${field} must not be specified`);
    throw invalidParameter(`${field} must not be specified on mount type ${JSON.stringify(type)}`);
  }
}

function bindMount(mount: Mount, { version }: Mapping, refuse: Refuse): BindRequest {
  const source = mount.Source ?? '';
  const options = mount.BindOptions ?? {};
  const propagation: string = options.Propagation || 'rprivate';
  if (source === '') throw refuse('field Source must not be empty');
  if (!PROPAGATIONS.includes(propagation)) throw refuse(`invalid propagation mode: ${propagation}`);
  absolute(source, refuse);
  if (version.before('1.44') && options.ReadOnlyForceRecursive) {
    throw invalidParameter('BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer');
  }
  return {
    type: 'bind',
    source: clean(source),
    target: clean(mount.Target ?? ''),
    readOnly: mount.ReadOnly ?? false,
    propagation: propagation as Propagation,
    nonRecursive: version.since('1.40') && (options.NonRecursive ?? false),
    createSource: version.since('1.42') && (options.CreateMountpoint ?? false),
    readOnlyNonRecursive: version.before('1.44') || (options.ReadOnlyNonRecursive ?? false),
    readOnlyForceRecursive: options.ReadOnlyForceRecursive ?? false,
    form: 'mount',
  };
}

function tmpfsMount(mount: Mount, refuse: Refuse): TmpfsRequest {
  if (mount.Source) throw refuse('field Source must not be specified');
  const { SizeBytes = 0, Mode = 0, Options = [] } = mount.TmpfsOptions ?? {};
  if (SizeBytes < 0) throw refuse('SizeBytes must not be negative');
  const words = Options.map((option) => {
    if (option.length < 1 || option.length > 2) throw refuse('invalid option array length');
    if (option[0] !== 'exec' && option[0] !== 'noexec') throw refuse(`invalid option: ${option[0]}`);
    return option.join('=');
  });
  return {
    type: 'tmpfs',
    target: clean(mount.Target ?? ''),
    options: [...(mount.ReadOnly ? ['ro'] : []), ...words],
    form: 'mount',
    ...(SizeBytes > 0 && { sizeBytes: SizeBytes }),
    ...(Mode > 0 && { mode: Mode }),
  };
}

/** The three fields of `HostConfig` that the mounts came from. */
export function fromMounts(mounts: readonly MountRequest[]): Pick<WireHostConfig, 'Binds' | 'Mounts' | 'Tmpfs'> {
  const binds = mounts.filter((mount) => mount.type === 'bind' && mount.form === 'bind-string') as BindRequest[];
  const plain = mounts.filter((mount) => mount.form === 'mount');
  const tmpfs = mounts.filter((mount) => mount.type === 'tmpfs' && mount.form === 'tmpfs-map') as TmpfsRequest[];
  return {
    // Docker's clients tell "none given" from an empty list by null.
    Binds: (binds.length > 0 ? binds.map(formatBind) : null) as string[] | undefined,
    ...(plain.length > 0 && { Mounts: plain.map(fromMount) }),
    ...(tmpfs.length > 0 && {
      Tmpfs: Object.fromEntries(tmpfs.map((mount) => [mount.target, mount.options.join(',')])),
    }),
  };
}

function fromMount(mount: MountRequest): Mount {
  if (mount.type === 'tmpfs') {
    const { sizeBytes, mode } = mount;
    const words = mount.options.filter((option) => option !== 'ro').map((option) => option.split('='));
    const options = {
      ...(sizeBytes !== undefined && { SizeBytes: sizeBytes }),
      ...(mode !== undefined && { Mode: mode }),
      ...(words.length > 0 && { Options: words }),
    };
    return {
      Type: 'tmpfs',
      Target: mount.target,
      ...(mount.options.includes('ro') && { ReadOnly: true }),
      ...(Object.keys(options).length > 0 && { TmpfsOptions: options }),
    };
  }
  const options = {
    ...(mount.propagation !== 'rprivate' && { Propagation: mount.propagation }),
    ...(mount.nonRecursive && { NonRecursive: true }),
    ...(mount.createSource && { CreateMountpoint: true }),
    ...(mount.readOnlyNonRecursive && { ReadOnlyNonRecursive: true }),
    ...(mount.readOnlyForceRecursive && { ReadOnlyForceRecursive: true }),
  };
  return {
    Type: 'bind',
    Source: mount.source,
    Target: mount.target,
    ...(mount.readOnly && { ReadOnly: true }),
    ...(Object.keys(options).length > 0 && { BindOptions: options }),
  };
}
