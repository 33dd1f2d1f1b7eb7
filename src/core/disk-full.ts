// SPDX-License-Identifier: Apache-2.0

const SQLITE_FULL = 13;

/** Whether a failure means that the disk, or a quota, is used up: as a system call says it, or SQLite; also as a cause. */
export function isDiskFull(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, errcode } = at as { code?: unknown; errcode?: unknown };
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (typeof errcode === 'number' && (errcode & 0xff) === SQLITE_FULL) return true;
  }
  return false;
}
