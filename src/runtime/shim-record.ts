// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodeForStartError } from '#runtime/start-error.ts';
import type { ExitRecord } from '#runtime/types.ts';

const SIGKILL = 9;

/** The record as the shim writes it; `error` is there when the process never ran. */
interface WrittenRecord {
  pid: number;
  exitCode: number;
  signal: number;
  oomKilled: boolean;
  finishedAt: string;
  error?: string;
}

export function parseExitRecord(text: string): ExitRecord {
  const { pid, exitCode, signal, oomKilled, finishedAt, error } = JSON.parse(text) as WrittenRecord;
  return {
    pid,
    exitCode: error === undefined ? exitCode : exitCodeForStartError(error),
    signal,
    oomKilled,
    finishedAt: new Date(finishedAt),
  };
}

/** What the shim of `directory` left behind, if it did. */
export async function readExitRecord(directory: string): Promise<ExitRecord | undefined> {
  try {
    return parseExitRecord(await readFile(join(directory, 'exit.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The process's number as the runtime wrote it; 0 if it did not come that far. */
export async function readPid(directory: string): Promise<number> {
  try {
    return Number.parseInt(await readFile(join(directory, 'pid'), 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}

/** For a shim that was killed: nobody knows how its process ended, so it counts as killed now. */
export const lostRecord = (pid: number): ExitRecord => ({
  pid,
  exitCode: 128 + SIGKILL,
  signal: SIGKILL,
  oomKilled: false,
  finishedAt: new Date(),
});
