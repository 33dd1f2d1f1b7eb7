// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/**
 * Bundles the command line, the engine and every worker into one CommonJS file each, in dist/: a bundle starts in a
 * fifth of the time of the sources. `koffi` stays outside, because it is native.
 */
const root = resolve(import.meta.dirname, '..');

/** How a source names the file of a worker; in the bundles these lie side by side. */
const WORKER = /new URL\('([^']*\/)?([\w.-]+)\.ts', import\.meta\.url\)/g;

/** `src/layer/worker.ts` becomes `layer-worker`. */
const outputName = (source: string): string => relative('src', source).replace(/\.ts$/, '').replaceAll('/', '-');

function workerFiles(): string[] {
  const found = new Set<string>();
  for (const source of globSync('src/**/*.ts', { cwd: root })) {
    if (source.endsWith('.test.ts')) continue;
    for (const [, folder = './', name] of readFileSync(join(root, source), 'utf8').matchAll(WORKER)) {
      found.add(join(dirname(source), folder, `${name}.ts`));
    }
  }
  return [...found];
}

const besideTheBundle: Plugin = {
  name: 'workers beside the bundle',
  setup(builder) {
    builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const folder = dirname(relative(root, path));
      const contents = readFileSync(path, 'utf8').replaceAll(WORKER, (_, below = './', name) => {
        return `new URL('./${outputName(join(folder, below, `${name}.ts`))}.cjs', import.meta.url)`;
      });
      return { contents, loader: 'ts' };
    });
  },
};

function gitCommit(): string {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--short=7', 'HEAD'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return 'unknown';
  }
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node26',
  format: 'cjs',
  external: ['koffi'],
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [besideTheBundle],
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: {
    'import.meta.url': 'importMetaUrl',
    'import.meta.filename': '__filename',
    'import.meta.dirname': '__dirname',
    HOY_BUILD: JSON.stringify({ version, gitCommit: gitCommit(), builtAt: new Date().toISOString() }),
  },
};

const entries: Record<string, string> = { hoy: 'src/cli/main.ts', hoyd: 'src/daemon/main.ts' };
for (const worker of workerFiles()) entries[outputName(worker)] = worker;

await build({
  ...options,
  entryPoints: Object.entries(entries).map(([out, path]) => ({ in: path, out })),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
});
