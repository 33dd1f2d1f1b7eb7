// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';

/** Where a number has two names (EAGAIN, EWOULDBLOCK) the one that Node's own errors have. */
const OTHER_NAMES = new Set(['EWOULDBLOCK']);
const NAMES = new Map(
  Object.entries(constants.errno).flatMap(([name, number]) => (OTHER_NAMES.has(name) ? [] : [[number, name]])),
);

/** A system call that the kernel refused. `code` is the errno's name, as in Node's own errors. */
export class LinuxError extends Error {
  override readonly name = 'LinuxError';
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;

  constructor(errno: number, syscall: string, path?: string) {
    const code = errnoName(errno);
    super(`${syscall}${path === undefined ? '' : ` ${JSON.stringify(path)}`}: ${code}`);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
  }
}

/** `EBUSY` for 16; numbers without a name become `E<number>`. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** Whether `error` is an error of the system (ours or Node's) with one of these codes. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
