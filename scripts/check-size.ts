// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';

/** No hand-written file grows beyond what a reader takes in at one sitting, and each says its licence. */
const MAX_LINES = 500;

const files = globSync(['src/**/*.{ts,c,h}', 'test/**/*.ts', 'scripts/*', 'native/*.{c,h,sh}', 'bin/*']).filter(
  (path) => !/\.gen\.\w+$/.test(path) && /\.\w+$|^bin\//.test(path),
);
const problems = files.flatMap((path) => {
  const lines = readFileSync(path, 'utf8').split('\n');
  const found: string[] = [];
  if (lines.length > MAX_LINES) found.push(`${path}: ${lines.length} lines, at most ${MAX_LINES}`);
  if (!lines.slice(0, 2).some((line) => line.includes('SPDX-License-Identifier: Apache-2.0'))) {
    found.push(`${path}: no SPDX line at its head`);
  }
  return found;
});
if (files.length === 0) problems.push('no files were found');
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
