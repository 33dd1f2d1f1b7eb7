// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}

/** The command line, bundled as it is shipped, so that a test runs what people run and starts fast. */
export interface BundledCli extends AsyncDisposable {
  /** Calls `hoy`. */
  hoy(words: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The program and its first argument, for tests that start it themselves. */
  command: [program: string, bundle: string];
}

export async function bundleCli(): Promise<BundledCli> {
  const root = resolve(import.meta.dirname, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'hoy-bundle-'));
  const bundle = join(folder, 'hoy.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: bundle,
    logLevel: 'error',
    define: { 'import.meta.dirname': '__dirname' },
  });
  return {
    command: [process.execPath, bundle],
    hoy: (words, options) => runProgram(process.execPath, ['--', bundle, ...words], options),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The version whose output ours is compared with: others differ in details. */
const COMPARED_VERSION = /^Docker version 28\./;

const DOCKER = ['/usr/local/bin/docker', '/usr/bin/docker'].find(
  (path) => existsSync(path) && COMPARED_VERSION.test(execFileSync(path, ['--version'], { encoding: 'utf8' })),
);

/** Whether Docker's own client, of the version to compare with, is here. */
export const hasDocker = DOCKER !== undefined;

/** Calls Docker's own client. */
export const docker = (words: readonly string[], options?: RunOptions): Promise<Outcome> =>
  runProgram(DOCKER ?? 'docker', words, options);

/** Runs a program to its end with nothing of this process's environment but the path. */
export function runProgram(program: string, words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TZ: 'UTC', ...options.env },
    ...(options.cwd && { cwd: options.cwd }),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (exitCode) => done({ stdout, stderr, exitCode }));
  });
}
