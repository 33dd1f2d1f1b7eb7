// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

/** A new 64-digit hexadecimal identifier, as Docker gives containers and exec sessions. */
export function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    // A short ID made of digits only could be taken for a number (Docker avoids it for the same reason).
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** The 12 digits that Docker shows to people. */
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);
