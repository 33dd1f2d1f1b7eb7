// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import type { EngineError } from '#core/errors.ts';

export const PROPAGATIONS: readonly string[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

type Refuse = (why: string) => EngineError;

export function notRoot(path: string, refuse: Refuse): void {
  if (posix.normalize(path).replace(/(.)\/$/, '$1') === '/') {
    throw refuse("invalid specification: destination can't be '/'");
  }
}

export function absolute(path: string, refuse: Refuse): void {
  if (!posix.isAbsolute(path)) throw refuse(`invalid mount path: '${path}' mount path must be absolute`);
  if (path.includes('\0')) throw refuse('invalid mount path: it contains a NUL byte');
}

export const clean = (path: string): string => posix.normalize(path).replace(/(.)\/$/, '$1');
