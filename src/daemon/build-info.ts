// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installationRoot } from '#daemon/installation.ts';

export interface BuildInfo {
  version: string;
  gitCommit: string;
  /** RFC 3339; empty when run from the sources. */
  builtAt: string;
}

/** Written into the bundle when it is made. */
declare const HOY_BUILD: BuildInfo | undefined;

export const buildInfo: BuildInfo = typeof HOY_BUILD === 'undefined' ? fromSources() : HOY_BUILD;

function fromSources(): BuildInfo {
  const { version } = JSON.parse(readFileSync(join(installationRoot, 'package.json'), 'utf8')) as { version: string };
  return { version, gitCommit: 'sources', builtAt: '' };
}
