// SPDX-License-Identifier: Apache-2.0

export interface BuildInfo {
  version: string;
  gitCommit: string;
  /** RFC 3339; empty when run from the sources. */
  builtAt: string;
}

/** Written into the bundle when it is made. */
declare const HOY_BUILD: BuildInfo | undefined;

export const BUILD: BuildInfo =
  typeof HOY_BUILD === 'undefined' ? { version: 'dev', gitCommit: 'unknown', builtAt: '' } : HOY_BUILD;
