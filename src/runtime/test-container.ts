// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CgroupLayout, containerCgroupsPath, readCgroupLayout } from '#linux/cgroup.ts';
import { killCgroup, removeCgroup } from '#linux/cgroup-processes.ts';
import type { ContainerConfig, HostConfig } from '#model/container.ts';
import { readHostFacts } from '#runtime/host-facts.ts';
import { findOciRuntimes, type OciRuntimes } from '#runtime/oci-runtimes.ts';
import type { RuntimeContainer } from '#runtime/operations.ts';
import { runtimeCommand } from '#runtime/runtime-command.ts';
import { buildSpec } from '#runtime/spec/build.ts';
import type { ContainerSpec } from '#runtime/spec/oci.ts';
import { PLAIN_CONFIG, PLAIN_HOST_CONFIG } from '#runtime/spec/plain.ts';
import type { HostFacts, SpecInput } from '#runtime/types.ts';

/** For tests only: containers made straight from `buildSpec` with a real OCI runtime, without shim and engine. */

export interface TestHost extends Disposable {
  directory: string;
  layout: CgroupLayout;
  host: HostFacts;
  runtimes: OciRuntimes;
}

export async function testHost(): Promise<TestHost> {
  const directory = mkdtempSync(join(tmpdir(), 'hoy-runtime-'));
  const layout = readCgroupLayout();
  const host = readHostFacts(layout);
  const { silentLogger: logger } = await import('#core/logger.ts');
  const runtimes = await findOciRuntimes({ layout, host, logger }, { directory });
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  return { directory, layout, host, runtimes, [Symbol.dispose]: remove };
}

export interface ContainerRequest {
  runtime: string;
  argv: string[];
  config?: Partial<ContainerConfig>;
  hostConfig?: Partial<HostConfig>;
  input?: Partial<SpecInput>;
  /** Further programs of the root file system: name in /bin to file on the host. */
  programs?: Record<string, string>;
  /** Changes the root file system before it is used. */
  prepare?: (rootfs: string) => void;
}

export interface TestContainer extends AsyncDisposable, RuntimeContainer {
  bundle: string;
  spec: ContainerSpec;
  /** Runs it to the end. */
  run(): { exitCode: number; output: string };
  /** Any command of the runtime on this container. */
  runtimeCall(...args: string[]): { exitCode: number; output: string };
}

/** Writes a bundle with busybox as its root file system. Everything of it is gone after disposal. */
export function testContainer(on: TestHost, request: ContainerRequest): TestContainer {
  const id = randomBytes(32).toString('hex');
  const bundle = mkdtempSync(join(on.directory, 'bundle-'));
  const rootfs = join(bundle, 'rootfs');
  makeRootfs(rootfs, request);
  const cgroupsPath = containerCgroupsPath('', id);
  const spec = buildSpec(specInput(id, cgroupsPath, rootfs, request, on.host));
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  const runtime = on.runtimes.get(request.runtime);
  const runtimeRoot = join(on.directory, `state-${request.runtime}`);
  const call = (...args: string[]) => execute(runtimeCommand(runtime, ['--root', runtimeRoot, ...args]), bundle);
  return {
    ...{ id, bundle, spec, cgroupsPath, runtime, runtimeRoot },
    runtimeCall: call,
    run: () => call('run', '--bundle', bundle, id),
    async [Symbol.asyncDispose]() {
      await killCgroup(on.layout, cgroupsPath);
      await removeCgroup(on.layout, cgroupsPath);
      for (const path of [bundle, join(runtimeRoot, id)]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The static one that the set-up fetched. */
const BUSYBOX = resolve(import.meta.dirname, '../../build/busybox');

const APPLETS = [
  ...['cat', 'cut', 'dd', 'df', 'echo', 'grep', 'head', 'hostname', 'id', 'ls', 'mkdir', 'mknod', 'mount', 'sh'],
  ...['sleep', 'tail', 'touch', 'tr', 'true', 'wc'],
];

function makeRootfs(rootfs: string, { programs = {}, prepare }: ContainerRequest): void {
  for (const directory of ['bin', 'etc', 'tmp', 'root']) mkdirSync(join(rootfs, directory), { recursive: true });
  for (const [name, file] of Object.entries({ busybox: BUSYBOX, ...programs })) {
    copyFileSync(file, join(rootfs, 'bin', name));
  }
  for (const applet of APPLETS) symlinkSync('busybox', join(rootfs, 'bin', applet));
  prepare?.(rootfs);
}

function specInput(
  id: string,
  cgroupsPath: string,
  rootfs: string,
  { argv, config, hostConfig, input }: ContainerRequest,
  host: HostFacts,
): SpecInput {
  return {
    id,
    config: { ...PLAIN_CONFIG, hostname: 'probe', ...config },
    hostConfig: { ...PLAIN_HOST_CONFIG, ...hostConfig },
    argv,
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
    rootfs,
    files: [],
    namespaces: { network: 'private', ipc: 'private', pid: 'private', uts: 'private', cgroup: 'host', user: 'host' },
    cgroupsPath,
    defaultUlimits: [],
    host,
    ...input,
  };
}

/** Output goes through a file: a detached container keeps a pipe open and the caller waiting. */
function execute([file = '', ...args]: string[], bundle: string): { exitCode: number; output: string } {
  const log = join(bundle, `output-${randomBytes(4).toString('hex')}`);
  const out = openSync(log, 'w');
  let exitCode = 0;
  try {
    execFileSync(file, args, { stdio: ['ignore', out, out], timeout: 30_000 });
  } catch (error) {
    exitCode = (error as { status: number | null }).status ?? -1;
  }
  return { exitCode, output: readFileSync(log, 'utf8') };
}
