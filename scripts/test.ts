// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Test suites in the order in which they are run; later ones take longer. */
interface Suite {
  name: string;
  files: string[];
  flags: string[];
  needsRoot: boolean;
}

const SUITES: Suite[] = [
  {
    name: 'unit',
    files: globSync(['src/**/*.test.ts', 'test/*.test.ts', 'test/{cli-unit,conformance,contract}/**/*.test.ts']),
    // One process for all of them: a process for each file takes a hundred times as long.
    flags: ['--test-isolation=none'],
    needsRoot: false,
  },
  {
    name: 'integration',
    files: globSync('test/{native,integration,blackbox}/*.test.ts'),
    flags: ['--test-concurrency=2', '--test-timeout=300000'],
    needsRoot: true,
  },
];

type Counts = Record<string, number>;

async function main(wanted: readonly string[]): Promise<number> {
  const isRoot = process.getuid?.() === 0;
  const totals: Counts = {};
  let failed = false;
  for (const suite of SUITES) {
    if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
    if (suite.needsRoot && !isRoot) {
      console.error(`\n✖ the ${suite.name} tests start containers and need root: run  sudo npm test  for all of them`);
      failed = true;
      continue;
    }
    if (suite.needsRoot && !prepareMachine()) return 1;
    console.log(`\n• ${suite.name} tests`);
    const result = await runSuite(suite);
    for (const [name, count] of Object.entries(result.counts)) totals[name] = (totals[name] ?? 0) + count;
    failed ||= result.code !== 0 || !result.counts.pass;
  }
  report(totals);
  return failed || !totals.pass ? 1 : 0;
}

/** Installs what only tests need (docker's CLI, debootstrap, …). */
function prepareMachine(): boolean {
  return spawnSync('sh', ['scripts/test-setup.sh'], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function runSuite(suite: Suite): Promise<{ code: number; counts: Counts }> {
  if (suite.files.length === 0) throw new Error(`there are no ${suite.name} tests`);
  const args = ['--test', '--test-reporter=spec', ...suite.flags, ...suite.files];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const counts: Counts = {};
  let line = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    const lines = (line + text).split('\n');
    line = lines.pop() ?? '';
    for (const [, name = '', count] of lines.flatMap((it) => [/^ℹ (\w+) ([\d.]+)$/.exec(it) ?? []])) {
      if (name) counts[name] = Number(count);
    }
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? 1, counts })));
}

/** The sum over all suites, in the words of Node's test runner. */
function report(totals: Counts): void {
  console.log('\n• all tests');
  for (const [name, count] of Object.entries(totals)) console.log(`ℹ ${name} ${count}`);
}

process.exitCode = await main(process.argv.slice(2));
