// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';
import { LinuxError } from '#linux/errno.ts';

/**
 * The only door to native code. A wrong signature crashes the process, so every binding is declared once, beside the
 * function that uses it, and has a test against the real kernel. Structures are packed by hand into Buffers.
 */

/** C types of parameters. `pointer` takes a Buffer (handed over without a copy) or `null`. */
export type CType = 'int' | 'uint' | 'long' | 'ulong' | 'pointer';
export type CValue = number | bigint | Uint8Array | null;

/** A path as text, or as bytes where it may not be UTF-8 (names inside image layers). */
export type PathLike = string | Uint8Array;

/** Calls the function; throws a `LinuxError` that names `subject` when it returns -1. */
export type LibcCall = (subject: PathLike | undefined, ...args: CValue[]) => number;

const C_NAMES: Record<CType, string> = {
  int: 'int',
  uint: 'unsigned int',
  long: 'long',
  ulong: 'unsigned long',
  pointer: 'void *',
};

type KoffiFunction = ReturnType<LibraryHandle['func']>;

interface Native {
  libc: LibraryHandle;
  errno(): number;
  address(bytes: Uint8Array): bigint;
}

let native: Native | undefined;

function loadNative(): Native {
  if (native === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    native = { libc: koffi.load('libc.so.6'), errno: () => koffi.errno(), address: koffi.address };
  }
  return native;
}

/** Binds a function of the C library that returns -1 and sets errno on failure. Bound at the first call. */
export function libcCall(name: string, result: 'int' | 'long', parameters: readonly CType[], syscall = name): LibcCall {
  let bound: KoffiFunction | undefined;
  return (subject, ...args) => {
    const { libc, errno } = loadNative();
    bound ??= libc.func(
      name,
      C_NAMES[result],
      parameters.map((type) => C_NAMES[type]),
    );
    const value = Number(bound(...args));
    if (value === -1) throw new LinuxError(errno(), syscall, subject === undefined ? undefined : pathText(subject));
    return value;
  };
}

const EIO = 5;

/**
 * The same for a function that may take long: it runs on a thread of koffi's own. The reason of a failure stays in that
 * thread, so every failure is reported as EIO.
 */
export function libcCallAsync(
  name: string,
  parameters: readonly CType[],
): (subject: PathLike | undefined, ...args: CValue[]) => Promise<void> {
  let bound: KoffiFunction | undefined;
  return (subject, ...args) => {
    bound ??= loadNative().libc.func(
      name,
      'int',
      parameters.map((type) => C_NAMES[type]),
    );
    const call = bound;
    return new Promise((resolve, reject) => {
      call.async(...args, (error: unknown, value: number) => {
        if (error) reject(error);
        else if (value === -1) reject(new LinuxError(EIO, name, subject === undefined ? undefined : pathText(subject)));
        else resolve();
      });
    });
  };
}

const rawSyscall = new Map<string, LibcCall>();

/** Calls a system call that the C library may have no function for, by its number on this machine. */
export function systemCall(name: string, number: number, subject: PathLike | undefined, ...args: CValue[]): number {
  const shape = args.map((arg) => (arg === null || typeof arg === 'object' ? 'pointer' : 'long'));
  const key = `${name} ${shape.join(' ')}`;
  let call = rawSyscall.get(key);
  if (call === undefined) {
    call = libcCall('syscall', 'long', ['long', ...shape] as CType[], name);
    rawSyscall.set(key, call);
  }
  return call(subject, number, ...args);
}

/** The number of a system call that is not the same everywhere. */
export function numberFor(numbers: { x64: number; arm64: number }): number {
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw new Error(`no support for ${process.arch}`);
  return numbers[process.arch];
}

/** Where `bytes` are in memory, for structures that hold pointers. The caller keeps `bytes` alive during the call. */
export const addressOf = (bytes: Uint8Array): bigint => loadNative().address(bytes);

/** A NUL-terminated string for C. A NUL inside is refused: the kernel would silently see a shorter path. */
export function cString(text: PathLike): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  if (bytes.includes(0)) throw new LinuxError(22, 'path with a NUL byte', pathText(text));
  const terminated = Buffer.allocUnsafe(bytes.length + 1);
  terminated.set(bytes);
  terminated[bytes.length] = 0;
  return terminated;
}

export const pathText = (path: PathLike): string =>
  typeof path === 'string' ? path : Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
