// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidParameter, messageOf } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { CgroupLayout } from '#linux/cgroup.ts';
import { runRuntime } from '#runtime/runtime-command.ts';
import { tryRuntime } from '#runtime/runtime-trial.ts';
import { TrialCache } from '#runtime/trial-cache.ts';
import type { HostFacts, OciRuntime } from '#runtime/types.ts';

export interface RuntimeSearchDeps {
  layout: CgroupLayout;
  host: HostFacts;
  logger: Logger;
}

export interface RuntimeSearchOptions {
  /** A directory in the data root, made if missing: holds what was learnt, and the bundles of trials. */
  directory: string;
  /** From `--add-runtime` and daemon.json. A path without a slash is looked up. */
  configured?: Record<string, { path: string; args?: readonly string[] }>;
  /** `--default-runtime`. */
  defaultName?: string;
  /** Where to look, with colons. @default PATH, then the usual directories */
  searchPath?: string;
}

/** The fastest first. */
const KNOWN = ['crun', 'runc'];

const USUAL_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Names that Docker's clients use for its own runtime, whatever that is. */
const ALIASES: Record<string, string> = { 'io.containerd.runc.v2': 'runc' };

/** The OCI runtimes that were tried and work here, by name. */
export class OciRuntimes {
  readonly working: ReadonlyMap<string, OciRuntime>;
  /** Why the others don't. */
  readonly failures: ReadonlyMap<string, string>;
  readonly default: OciRuntime;

  constructor(working: ReadonlyMap<string, OciRuntime>, failures: ReadonlyMap<string, string>, defaultName?: string) {
    this.working = working;
    this.failures = failures;
    this.default = this.#chooseDefault(defaultName);
  }

  /** The runtime of that name; the default one for `''`. Throws in Docker's words where there is none. */
  get(name: string): OciRuntime {
    if (name === '') return this.default;
    const found = this.working.get(name) ?? this.working.get(ALIASES[name] ?? '');
    if (found) return found;
    // The name that clients send when they mean "the usual one".
    if (name in ALIASES) return this.default;
    const failure = this.failures.get(name);
    throw invalidParameter(
      failure === undefined
        ? `unknown or invalid runtime name: ${name}`
        : `runtime ${name} does not work on this host: ${failure}`,
    );
  }

  #chooseDefault(name: string | undefined): OciRuntime {
    if (name) {
      const chosen = this.working.get(name);
      if (chosen) return chosen;
      throw new Error(
        `default runtime ${name}: ${this.failures.get(name) ?? 'no such runtime is configured or installed'}`,
      );
    }
    const [first] = [...KNOWN, ...this.working.keys()].flatMap((known) => this.working.get(known) ?? []);
    if (first) return first;
    const reasons = [...this.failures].map(([failed, reason]) => `${failed}: ${reason}`);
    throw new Error(
      `no OCI runtime works on this host (${reasons.join('; ') || 'none is installed'}): install one, for example with "apt-get install crun"`,
    );
  }
}

/** Finds crun, runc and those configured, and lets each that is not known yet run a container. */
export async function findOciRuntimes(deps: RuntimeSearchDeps, options: RuntimeSearchOptions): Promise<OciRuntimes> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const cache = new TrialCache(options.directory, deps.layout);
  const working = new Map<string, OciRuntime>();
  const failures = new Map<string, string>();
  for (const [name, { path, args = [] }] of Object.entries({ ...installed(options), ...options.configured })) {
    try {
      const file = findExecutable(path, options.searchPath);
      working.set(name, await checked({ name, path: file, args: [...args] }, deps, options, cache));
    } catch (error) {
      failures.set(name, messageOf(error));
      deps.logger.warn({ runtime: name, path, reason: messageOf(error) }, 'an OCI runtime does not work here');
    }
  }
  await cache.save();
  const runtimes = new OciRuntimes(working, failures, options.defaultName);
  const { name, path, version, hideUnifiedCgroup } = runtimes.default;
  const reason = options.defaultName ? 'configured as the default' : 'the fastest that ran a trial container';
  deps.logger.info({ runtime: name, path, version, hideUnifiedCgroup, reason }, 'chose the OCI runtime for containers');
  return runtimes;
}

function installed({ searchPath }: RuntimeSearchOptions): Record<string, { path: string; args?: string[] }> {
  const found = KNOWN.filter((name) => candidates(name, searchPath).some(isExecutable));
  return Object.fromEntries(found.map((name) => [name, { path: name }]));
}

/** The file that would be run for `path`. Throws if there is none. */
export function findExecutable(path: string, searchPath?: string): string {
  const file = candidates(path, searchPath).find(isExecutable);
  if (file === undefined) throw new Error(`${path}: executable file not found`);
  return file;
}

function candidates(path: string, searchPath = process.env.PATH): string[] {
  if (path.includes('/')) return [path];
  const directories = [...(searchPath ?? '').split(':').filter(Boolean), ...USUAL_DIRECTORIES];
  return [...new Set(directories)].map((directory) => join(directory, path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function checked(
  found: Pick<OciRuntime, 'name' | 'path' | 'args'>,
  deps: RuntimeSearchDeps,
  options: RuntimeSearchOptions,
  cache: TrialCache,
): Promise<OciRuntime> {
  const known = cache.get(found.path, found.args);
  if (known) return { ...found, ...known };
  const [version = ''] = (await runRuntime({ ...found, hideUnifiedCgroup: false }, ['--version'])).split('\n');
  const hideUnifiedCgroup = await firstThatWorks({ ...found, version }, deps, options);
  cache.set(found.path, found.args, { version, hideUnifiedCgroup });
  return { ...found, version, hideUnifiedCgroup };
}

/** As it is; and crun, which refuses hybrid hosts, without the v2 hierarchy. */
async function firstThatWorks(
  runtime: Omit<OciRuntime, 'hideUnifiedCgroup'>,
  { layout, host }: RuntimeSearchDeps,
  { directory }: RuntimeSearchOptions,
): Promise<boolean> {
  const trial = { directory, layout, host };
  try {
    await tryRuntime({ ...runtime, hideUnifiedCgroup: false }, trial);
    return false;
  } catch (error) {
    if (layout.kind !== 'hybrid' || !runtime.version.startsWith('crun ')) throw error;
    await tryRuntime({ ...runtime, hideUnifiedCgroup: true }, trial);
    return true;
  }
}
