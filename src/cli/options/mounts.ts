// SPDX-License-Identifier: Apache-2.0
import { isAbsolute, resolve } from 'node:path';
import { parseMemory } from '#cli/format/units.ts';
import { cut, parseBoolean, parseCsv } from '#cli/options/csv.ts';

/** `Mounts` of the host configuration. */
export interface MountJson {
  Type: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels: Record<string, string>;
    DriverConfig: { Name?: string; Options?: Record<string, string> };
    Subpath?: string;
  };
  ImageOptions?: { Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

/** Keys that may stand alone; each then means `true`. */
const SWITCHES = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

/** Reads `--mount type=bind,src=/a,dst=/b,readonly`. */
export function parseMount(text: string): MountJson {
  const mount: MountJson = { Type: 'volume' };
  for (const field of parseCsv(text)) {
    const [name, value] = cut(field, '=');
    const key = name.toLowerCase();
    if (value === undefined && !SWITCHES.has(key)) throw new Error(`invalid field '${field}' must be a key=value pair`);
    const set = key.startsWith('bind-') ? setBindField : key.startsWith('volume-') ? setVolumeField : setField;
    set(mount, key, value ?? 'true', field);
  }
  checkMount(mount);
  return mount;
}

function setField(mount: MountJson, key: string, value: string, field: string): void {
  switch (key) {
    case 'type':
      mount.Type = value.toLowerCase();
      return;
    case 'source':
    case 'src':
      mount.Source = !isAbsolute(value) && value.startsWith('.') ? resolve(value) : value;
      return;
    case 'target':
    case 'dst':
    case 'destination':
      mount.Target = value;
      return;
    case 'readonly':
    case 'ro':
      mount.ReadOnly = booleanField(key, value);
      return;
    case 'consistency':
      mount.Consistency = value.toLowerCase();
      return;
    case 'image-subpath':
      mount.ImageOptions = { Subpath: value };
      return;
    case 'tmpfs-size':
      mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: sizeField(key, value) };
      return;
    case 'tmpfs-mode':
      if (!/^[0-7]{1,11}$/.test(value)) throw new Error(`invalid value for ${key}: ${value}`);
      mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(value, 8) };
      return;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function setBindField(mount: MountJson, key: string, value: string, field: string): void {
  mount.BindOptions ??= {};
  switch (key) {
    case 'bind-propagation':
      mount.BindOptions.Propagation = value.toLowerCase();
      return;
    case 'bind-nonrecursive':
      mount.BindOptions.NonRecursive = booleanField(key, value);
      return;
    case 'bind-recursive':
      if (value === 'enabled') return;
      if (value === 'disabled') mount.BindOptions.NonRecursive = true;
      else if (value === 'writable') mount.BindOptions.ReadOnlyNonRecursive = true;
      else if (value === 'readonly') mount.BindOptions.ReadOnlyForceRecursive = true;
      else {
        throw new Error(
          `invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
        );
      }
      return;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function setVolumeField(mount: MountJson, key: string, value: string, field: string): void {
  mount.VolumeOptions ??= { Labels: {}, DriverConfig: {} };
  const options = mount.VolumeOptions;
  const [name, content = ''] = cut(value, '=');
  switch (key) {
    case 'volume-subpath':
      options.Subpath = value;
      return;
    case 'volume-nocopy': {
      const nocopy = parseBoolean(value);
      if (nocopy === undefined) throw new Error(`invalid value for volume-nocopy: ${value}`);
      options.NoCopy = nocopy;
      return;
    }
    case 'volume-label':
      if (name) options.Labels[name] = content;
      return;
    case 'volume-driver':
      options.DriverConfig.Name = value;
      return;
    case 'volume-opt':
      options.DriverConfig.Options ??= {};
      if (name) options.DriverConfig.Options[name] = content;
      return;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function booleanField(key: string, value: string): boolean {
  const parsed = parseBoolean(value);
  if (parsed === undefined) throw new Error(`invalid value for ${key}: ${value}`);
  return parsed;
}

function sizeField(key: string, value: string): number {
  try {
    return parseMemory(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

function checkMount(mount: MountJson): void {
  if (!mount.Type) throw new Error('type is required');
  if (!mount.Target) throw new Error('target is required');
  const owned = {
    volume: mount.VolumeOptions,
    image: mount.ImageOptions,
    bind: mount.BindOptions,
    tmpfs: mount.TmpfsOptions,
  };
  for (const [type, options] of Object.entries(owned)) {
    if (options && mount.Type !== type)
      throw new Error(`cannot mix '${type}-*' options with mount type '${mount.Type}'`);
  }
  const bind = mount.BindOptions;
  if (bind?.ReadOnlyNonRecursive && !mount.ReadOnly) {
    throw new Error("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  }
  if (!bind?.ReadOnlyForceRecursive) return;
  if (!mount.ReadOnly) {
    throw new Error("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
  }
  if (bind.Propagation !== 'rprivate') {
    throw new Error(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
  }
}

export interface VolumeFlags {
  /** `Binds`: those with a source. */
  binds: string[];
  /** `Volumes`: paths in the container that get a volume without a name. */
  volumes: Record<string, object>;
}

/** Sorts the values of `-v`: `SOURCE:TARGET[:OPTIONS]` or just `TARGET`. Relative sources are made absolute. */
export function parseVolumeFlags(specifications: readonly string[]): VolumeFlags {
  const result: VolumeFlags = { binds: [], volumes: {} };
  for (const specification of new Set(specifications)) {
    const [source, ...rest] = splitVolume(specification);
    if (rest.length === 0) result.volumes[specification] = {};
    else if (source?.startsWith('.')) result.binds.push(`${resolve(source)}:${rest.join(':')}`);
    else result.binds.push(specification);
  }
  return result;
}

function splitVolume(specification: string): string[] {
  if (specification === '') throw new Error('invalid empty volume spec');
  const parts = specification.split(':');
  if (specification.length <= 2) return [specification];
  if (parts.some((part) => part === ''))
    throw new Error(`invalid spec: ${specification}: empty section between colons`);
  if (parts.length > 3) throw new Error(`invalid spec: ${specification}: too many colons`);
  return parts;
}

/** `--tmpfs PATH[:OPTIONS]`, by path. */
export function parseTmpfsFlags(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const [path, options = ''] = cut(value, ':');
      return [path, options];
    }),
  );
}
