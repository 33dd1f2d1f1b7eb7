// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

declare const brand: unique symbol;
/** A path below a layer's root without `.`, `..` or doubled slashes, one character for each byte; `''` is the root. */
export type EntryPath = string & { readonly [brand]: 'EntryPath' };

const NEEDS_CLEANING = /(^|\/)(\.{0,2})(\/|$)/;

/** The kernel takes no longer path. */
const PATH_MAX = 4096;

/** Throws for a name that leads out of the root, as Docker does. Absolute names start at the root. */
export function normalizeName(name: Buffer): EntryPath {
  if (name.length > PATH_MAX) throw invalidParameter('has a name that is too long');
  const text = name.toString('latin1').replace(/^\/+|\/+$/g, '');
  if (!NEEDS_CLEANING.test(text)) return text as EntryPath;
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw invalidParameter('is outside of the layer');
  }
  return parts.join('/') as EntryPath;
}

export const parentOf = (path: EntryPath): EntryPath => path.slice(0, Math.max(path.lastIndexOf('/'), 0)) as EntryPath;
export const baseName = (path: EntryPath): string => path.slice(path.lastIndexOf('/') + 1);

/** The bytes for a system call; `.` for the root. */
export const pathBytes = (path: string): Buffer => Buffer.from(path === '' ? '.' : path, 'latin1');
