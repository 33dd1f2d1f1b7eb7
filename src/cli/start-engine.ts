// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '#client/host.ts';

const LOG_FILE = '/var/log/hoy/hoyd.log';
/** The first start on a machine sets things up, which takes a while. */
const START_TIMEOUT_MS = 60_000;
const GIVE_WAY_MS = 2_000;
const POLL_MS = 20;

/**
 * Starts an engine in the background and waits until it listens at `endpoint`. Says so on `stderr`. Resolves to false
 * when this user can't run one, and throws when one was started and ended at once.
 */
export async function startEngine(endpoint: Endpoint, stderr: Writable): Promise<boolean> {
  if (!('socketPath' in endpoint.address) || process.getuid?.() !== 0) return false;
  const program = findEngine();
  if (!program) return false;
  stderr.write(`No engine answers at ${endpoint.host}: starting one (log: ${LOG_FILE})\n`);
  mkdirSync(dirname(LOG_FILE), { recursive: true, mode: 0o750 });
  const log = openSync(LOG_FILE, 'a', 0o640);
  const engine = spawn(program, [], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  const failed = new Promise<string>((resolve) => {
    engine.once('error', (error) => resolve(error.message));
    engine.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  const { socketPath } = endpoint.address;
  const problem = await Promise.race([failed, waitUntilListening(socketPath, START_TIMEOUT_MS)]);
  engine.unref();
  if (problem === undefined) return true;
  // Of two that are started at the same moment one gives way to the other.
  if ((await waitUntilListening(socketPath, GIVE_WAY_MS)) === undefined) return true;
  throw new Error(`The engine could not be started: ${problem}. Its log is ${LOG_FILE}.`);
}

/** The engine that came with this program, else the one on the PATH. */
function findEngine(): string | undefined {
  const here = import.meta.dirname;
  const beside = [join(here, '../bin/hoyd'), join(here, '../../bin/hoyd'), join(here, 'hoyd')];
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'hoyd'));
  return [...beside, ...onPath].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Resolves to `undefined` when somebody listens there, else to what is wrong. */
async function waitUntilListening(socketPath: string, timeoutMs: number): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await listens(socketPath)) return undefined;
    await sleep(POLL_MS);
  }
  return `nothing listens on ${socketPath} after ${timeoutMs / 1000} seconds`;
}

function listens(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
