// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CgroupLayout, containerCgroupsPath } from '#linux/cgroup.ts';
import { killCgroup, removeCgroup } from '#linux/cgroup-processes.ts';
import { runRuntime } from '#runtime/runtime-command.ts';
import { buildSpec } from '#runtime/spec/build.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import { trialProgram } from '#runtime/trial-program.ts';
import type { HostFacts, OciRuntime, SpecInput } from '#runtime/types.ts';

export interface TrialOptions {
  /** A directory on the file system that containers will run from. */
  directory: string;
  layout: CgroupLayout;
  host: HostFacts;
}

/** Runs a real container with all of the default confinement in it. Rejects with what the runtime said. Leaves nothing. */
export async function tryRuntime(
  runtime: Pick<OciRuntime, 'name' | 'path' | 'args' | 'hideUnifiedCgroup'>,
  { directory, layout, host }: TrialOptions,
): Promise<void> {
  const id = `hoy-trial-${randomBytes(8).toString('hex')}`;
  const cgroupsPath = containerCgroupsPath('', id);
  const bundle = await mkdtemp(join(directory, 'trial-'));
  const root = join(bundle, 'state');
  try {
    await mkdir(join(bundle, 'rootfs'));
    await writeFile(join(bundle, 'rootfs/trial'), trialProgram(), { mode: 0o755 });
    const spec = buildSpec(trialInput(id, cgroupsPath, join(bundle, 'rootfs'), host));
    await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
    await runRuntime(runtime, ['--root', root, 'run', '--bundle', bundle, id]);
  } catch (error) {
    await runRuntime(runtime, ['--root', root, 'delete', '--force', id]).catch(() => {});
    throw error;
  } finally {
    await killCgroup(layout, cgroupsPath);
    await removeCgroup(layout, cgroupsPath);
    await rm(bundle, { recursive: true, force: true });
  }
}

function trialInput(id: string, cgroupsPath: string, rootfs: string, host: HostFacts): SpecInput {
  return {
    id,
    config: { ...PLAIN_CONFIG, hostname: 'hoy-trial' },
    hostConfig: PLAIN_HOST_CONFIG,
    argv: ['/trial'],
    env: [],
    cwd: '/',
    user: { uid: 0, gid: 0, additionalGids: [], home: '/' },
    rootfs,
    files: [],
    namespaces: {
      network: 'private',
      ipc: 'private',
      pid: 'private',
      uts: 'private',
      cgroup: host.cgroupVersion === 2 ? 'private' : 'host',
      user: 'host',
    },
    cgroupsPath,
    defaultUlimits: [],
    host,
  };
}
