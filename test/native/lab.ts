// SPDX-License-Identifier: Apache-2.0
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { newId } from '#core/ids.ts';
import { HoyShimLauncher } from '#runtime/shim-launcher.ts';
import type { Attachment } from '#runtime/shim-start.ts';
import type { OciRuntime, Shim, ShimAttach, ShimLaunch } from '#runtime/types.ts';

const ROOT = dirname(dirname(import.meta.dirname));
export const NATIVE = join(ROOT, 'native');
const HYBRID = existsSync('/sys/fs/cgroup/unified');

/** The runtimes that are installed, each as it works on this host. */
export const RUNTIMES: OciRuntime[] = ['crun', 'runc'].flatMap((name) => {
  const path = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin']
    .map((directory) => join(directory, name))
    .find((candidate) => existsSync(candidate));
  const hideUnifiedCgroup = name === 'crun' && HYBRID;
  return path === undefined ? [] : [{ name, path, args: [], version: '', hideUnifiedCgroup }];
});

/** Builds the native programs into `directory`. */
export function buildNative(directory: string, flags?: string): string {
  execFileSync(join(NATIVE, 'build.sh'), [directory], { env: { ...process.env, ...(flags && { CFLAGS: flags }) } });
  return join(directory, 'hoy-shim');
}

let plainShim: string | undefined;

/** The shim as it is shipped, built once for all labs of a test file. */
function builtShim(): string {
  if (plainShim === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'hoy-shim-bin-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    plainShim = buildNative(directory);
  }
  return plainShim;
}

export type LaunchChanges = Partial<Omit<ShimLaunch, 'process' | 'directory' | 'runtimeRoot' | 'containerId'>> & {
  id?: string;
  cwd?: string;
  memoryBytes?: number;
  attachments?: Attachment[];
};

export const ATTACH_ALL: ShimAttach = {
  stdin: true,
  stdout: true,
  stderr: true,
  detachKeys: new Uint8Array(),
  multiplexed: false,
  head: Buffer.alloc(0),
};

/** A directory with a busybox root file system, in which shims run containers. Everything is gone when it is disposed. */
export class Lab implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hoy-shim-'));
  readonly shimPath: string;
  readonly launcher: HoyShimLauncher;
  readonly rotated: string[] = [];
  readonly runtime: OciRuntime;
  /** Parent of the containers' control groups, this lab's own. */
  readonly cgroup = `/${basename(this.directory)}`;
  readonly #containers: string[] = [];

  constructor(options: { runtime?: OciRuntime; flags?: string } = {}) {
    const [crun] = RUNTIMES;
    if (!crun) throw new Error('no OCI runtime is installed');
    this.runtime = options.runtime ?? crun;
    this.shimPath = options.flags ? buildNative(join(this.directory, 'bin'), options.flags) : builtShim();
    this.launcher = new HoyShimLauncher({ shimPath: this.shimPath, onRotated: (_, path) => this.rotated.push(path) });
    mkdirSync(join(this.directory, 'rootfs/bin'), { recursive: true });
    for (const name of ['proc', 'tmp', 'dev', 'sys', 'adir']) mkdirSync(join(this.directory, 'rootfs', name));
    execFileSync('cp', [join(ROOT, 'build/busybox'), join(this.directory, 'rootfs/bin/busybox')]);
    execFileSync('chroot', [join(this.directory, 'rootfs'), '/bin/busybox', '--install', '-s', '/bin']);
    writeFileSync(join(this.directory, 'rootfs/noexec'), 'x');
  }

  /** Runs the shim under `command`, a program and its arguments or variables. */
  wrap(command: string): void {
    renameSync(this.shimPath, `${this.shimPath}.real`);
    writeFileSync(this.shimPath, `#!/bin/sh\nexec env ${command} ${this.shimPath}.real "$@"\n`, { mode: 0o755 });
  }

  get runtimeRoot(): string {
    return join(this.directory, 'runtime');
  }

  shimDirectory(id: string): string {
    return join(this.directory, 'exec', id);
  }

  /** The ID of the container whose init `shim` stands beside. */
  containerOf(shim: Shim): string {
    return shim.directory.split('/').at(-1) ?? '';
  }

  logPath(id: string): string {
    return join(this.directory, `${id}.log`);
  }

  async logRecords(id: string, path = this.logPath(id)): Promise<{ log: string; stream: string; time: string }[]> {
    const text = await readFile(path, 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Resolves when a line that ends so was logged; gives up after ten seconds. */
  async waitForLog(id: string, line: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      if ((await this.logRecords(id)).some(({ log }) => log.endsWith(line))) return;
      await sleep(20);
    }
    throw new Error(`${JSON.stringify(line)} was not logged`);
  }

  /** What `launch` of the container `args` needs; its bundle is written. */
  async prepare(args: string[], changes: LaunchChanges = {}): Promise<ShimLaunch> {
    const { id = newId(), cwd, memoryBytes, attachments: _, ...rest } = changes;
    const bundle = join(this.directory, 'bundles', id);
    await mkdir(bundle, { recursive: true });
    await mkdir(this.shimDirectory(id), { recursive: true });
    const spec = containerSpec({
      cgroupsPath: `${this.cgroup}/${id}`,
      args,
      cwd,
      memoryBytes,
      tty: rest.tty ?? false,
      consoleSize: rest.consoleSize,
      rootfs: join(this.directory, 'rootfs'),
    });
    await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
    this.#containers.push(id);
    return { ...this.#defaults(id), process: { kind: 'init', bundle }, ...rest };
  }

  #defaults(id: string): Omit<ShimLaunch, 'process'> {
    return {
      directory: this.shimDirectory(id),
      runtime: this.runtime,
      runtimeRoot: this.runtimeRoot,
      containerId: id,
      tty: false,
      stdin: 'closed',
      log: { driver: 'json-file', path: this.logPath(id), maxSizeBytes: 0, maxFiles: 1 },
      oomFiles: [],
    };
  }

  async run(args: string[], changes: LaunchChanges = {}): Promise<{ id: string; shim: Shim }> {
    const launch = await this.prepare(args, changes);
    return { id: launch.containerId, shim: await this.launcher.launch(launch, changes.attachments) };
  }

  async exec(id: string, args: string[], changes: LaunchChanges = {}): Promise<Shim> {
    const { cwd = '/', memoryBytes: _, attachments, id: __, ...rest } = changes;
    const directory = this.shimDirectory(newId());
    await mkdir(directory, { recursive: true });
    const processFile = join(directory, 'process.json');
    const tty = rest.tty ?? false;
    await writeFile(processFile, JSON.stringify({ ...PROCESS, args, cwd, terminal: tty }));
    const defaults = { ...this.#defaults(id), directory, log: { driver: 'none' } as const };
    return this.launcher.launch({ ...defaults, process: { kind: 'exec', processFile }, ...rest }, attachments);
  }

  /** Ends the container and what the runtime keeps of it. */
  async remove(id: string): Promise<void> {
    const hide = this.runtime.hideUnifiedCgroup ? 'umount -l /sys/fs/cgroup/unified;' : '';
    const script = `${hide} exec "$0" --root "$1" delete --force "$2"`;
    const argv = ['-m', '--propagation', 'private', 'sh', '-c', script, this.runtime.path, this.runtimeRoot, id];
    await promisify(execFile)('unshare', argv).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#containers) await this.remove(id);
    for (const id of existsSync(join(this.directory, 'exec')) ? readdirSync(join(this.directory, 'exec')) : []) {
      const shim = await this.launcher.reconnect(this.shimDirectory(id));
      await shim.release();
    }
    this.launcher.disconnect();
    for (const group of globSync(`/sys/fs/cgroup{,/*}${this.cgroup}`)) rmdirSync(group);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const PROCESS = {
  user: { uid: 0, gid: 0 },
  env: ['PATH=/bin', 'TERM=xterm'],
  capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] },
  noNewPrivileges: true,
};

const MOUNTS = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666', 'mode=0620'] },
];

function containerSpec(given: {
  cgroupsPath: string;
  args: string[];
  cwd: string | undefined;
  memoryBytes: number | undefined;
  tty: boolean;
  consoleSize: [rows: number, columns: number] | undefined;
  rootfs: string;
}): object {
  const { cgroupsPath, args, cwd = '/', memoryBytes, tty, rootfs } = given;
  const [height, width] = given.consoleSize ?? [];
  return {
    ociVersion: '1.0.2',
    process: { ...PROCESS, args, cwd, terminal: tty, ...(height && { consoleSize: { height, width } }) },
    root: { path: rootfs, readonly: false },
    hostname: 'lab',
    mounts: MOUNTS,
    linux: {
      cgroupsPath,
      ...(memoryBytes && { resources: { memory: { limit: memoryBytes, swap: memoryBytes } } }),
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
    },
  };
}

/** The process of the shim beside the init of container `id`. */
export function shimPid(id: string): number {
  const pid = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && commandLine(name).startsWith(`hoy-shim\0--id\0${id}\0`),
  );
  if (pid === undefined) throw new Error(`no shim of ${id} is there`);
  return Number(pid);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Everything that a stream gives until it ends. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads until `marker` was seen. */
export async function readUntil(stream: Readable, marker: string): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      stream.off('data', take);
      stream.pause();
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes(marker)) finish();
    };
    stream.on('data', take);
    stream.resume();
    stream.once('end', () => reject(new Error(`the stream ended before ${JSON.stringify(marker)}: ${text}`)));
  });
}

/** The frames of a multiplexed stream, as text per stream number. */
export function demultiplex(bytes: Buffer): Record<number, string> {
  const streams: Record<number, string> = {};
  for (let offset = 0; offset < bytes.length; ) {
    const kind = bytes.readUInt8(offset);
    const length = bytes.readUInt32BE(offset + 4);
    streams[kind] = (streams[kind] ?? '') + bytes.toString('utf8', offset + 8, offset + 8 + length);
    offset += 8 + length;
  }
  return streams;
}
