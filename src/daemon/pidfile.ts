// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes this process's ID to `path`, and takes it away when disposed. Refused while the process that is named there
 * lives; what a dead one left behind is replaced.
 */
export function writePidfile(path: string): Disposable {
  const owner = readPid(path);
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `failed to start daemon, ensure hoyd is not running or delete ${path}: process with PID ${owner} is still running`,
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, String(process.pid), { mode: 0o644 });
  renameSync(partial, path);
  return { [Symbol.dispose]: () => removeOwn(path) };
}

function removeOwn(path: string): void {
  if (readPid(path) === process.pid) rmSync(path, { force: true });
}

/** The number in the file; `undefined` when there is no file or no process ID in it. */
function readPid(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** One that has ended counts as gone although its parent, as in many a container, never asks how. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
