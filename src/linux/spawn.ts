// SPDX-License-Identifier: Apache-2.0
import { LinuxError } from '#linux/errno.ts';
import { addressOf, cString, libcCall } from '#linux/ffi.ts';

/** Larger than the C libraries' `posix_spawn_file_actions_t` (80 bytes in glibc). */
const FILE_ACTIONS_SIZE = 512;
const WNOHANG = 1;
const STDERR = 2;

const actionsInit = libcCall('posix_spawn_file_actions_init', 'int', ['pointer']);
const actionsDup2 = libcCall('posix_spawn_file_actions_adddup2', 'int', ['pointer', 'int', 'int']);
const actionsDestroy = libcCall('posix_spawn_file_actions_destroy', 'int', ['pointer']);
const posixSpawn = libcCall('posix_spawn', 'int', ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer']);
const libcWaitpid = libcCall('waitpid', 'int', ['int', 'pointer', 'int']);

/**
 * Starts a program with `stdin` as its descriptor 0 and the caller's standard error. Node's own `spawn` forks, which takes 6 ms when the heap is big;
 * this shares the memory until the exec (0.2 ms). The child is the caller's to reap.
 */
export function spawnProgram(path: string, argv: readonly string[], env: readonly string[], stdin: number): number {
  const pid = new Int32Array(1);
  const actions = Buffer.alloc(FILE_ACTIONS_SIZE);
  const name = cString(path);
  actionsInit(undefined, actions);
  try {
    actionsDup2(undefined, actions, stdin, 0);
    // Onto itself: only takes the close-on-exec flag away that Node has set.
    actionsDup2(undefined, actions, STDERR, STDERR);
    const out = new Uint8Array(pid.buffer);
    const error = posixSpawn(path, out, name, actions, null, stringList(argv), stringList(env));
    if (error !== 0) throw new LinuxError(error, 'posix_spawn', path);
  } finally {
    actionsDestroy(undefined, actions);
  }
  return pid[0] ?? -1;
}

/** Collects a child that has ended. Returns false while it has not; a child that is not ours counts as collected. */
export function reapChild(pid: number): boolean {
  try {
    return libcWaitpid(undefined, pid, null, WNOHANG) !== 0;
  } catch {
    return true;
  }
}

/** A NULL-terminated array of pointers and what it points to, in one block: it lives or is collected as a whole. */
function stringList(texts: readonly string[]): Buffer {
  const strings = texts.map(cString);
  const listSize = (strings.length + 1) * 8;
  const block = Buffer.alloc(strings.reduce((size, string) => size + string.length, listSize));
  const address = addressOf(block);
  let offset = listSize;
  for (const [index, string] of strings.entries()) {
    block.writeBigUInt64LE(address + BigInt(offset), index * 8);
    block.set(string, offset);
    offset += string.length;
  }
  return block;
}
