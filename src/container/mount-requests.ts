// SPDX-License-Identifier: Apache-2.0

import { mkdir, stat } from 'node:fs/promises';
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig, MountRequest } from '#model/container.ts';
import type { MountView } from '#model/container-view.ts';

type BindRequest = Extract<MountRequest, { type: 'bind' }>;

/** Makes the sources that may be made (the `-v` form), and refuses what is missing otherwise. */
export async function prepareBindSources(mounts: readonly MountRequest[]): Promise<void> {
  for (const bind of binds(mounts)) {
    if (mustExist(bind)) await expectSource(bind);
    else if (!(await exists(bind.source))) await mkdir(bind.source, { recursive: true });
  }
}

const binds = (mounts: readonly MountRequest[]): BindRequest[] => mounts.filter((mount) => mount.type === 'bind');

const mustExist = (bind: BindRequest): boolean => !bind.createSource;

async function expectSource({ source }: BindRequest): Promise<void> {
  if (await exists(source)) return;
  throw invalidParameter(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Those that Docker lists under `Mounts`: a tmpfs only if it was asked for in that form. */
export function mountPoints({ mounts }: Pick<HostConfig, 'mounts'>): MountView[] {
  return mounts.flatMap((mount): MountView[] => {
    if (mount.type === 'bind') return [bindPoint(mount)];
    return mount.form === 'mount' ? [tmpfsPoint(mount)] : [];
  });
}

const bindPoint = (mount: BindRequest): MountView => ({
  type: 'bind',
  source: mount.source,
  destination: mount.target,
  mode: mount.form === 'bind-string' && mount.readOnly ? 'ro' : '',
  readWrite: !mount.readOnly,
  propagation: mount.propagation,
});

const tmpfsPoint = (mount: Extract<MountRequest, { type: 'tmpfs' }>): MountView => ({
  type: 'tmpfs',
  source: '',
  destination: mount.target,
  mode: '',
  readWrite: !mount.options.includes('ro'),
  propagation: '',
});
