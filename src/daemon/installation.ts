// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The directory with package.json, of which this file is part: as a source, or inside a bundle. */
export const installationRoot: string = findRoot(import.meta.dirname);

function findRoot(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  if (dirname(directory) === directory) throw new Error('the files of Hoy are not complete: package.json is missing');
  return findRoot(dirname(directory));
}

/** What the set-up made beside the bundles. */
export const installed = {
  shim: join(installationRoot, 'dist', 'hoy-shim'),
  init: join(installationRoot, 'dist', 'hoy-init'),
  busyboxImage: join(installationRoot, 'dist', 'busybox.tar'),
};
