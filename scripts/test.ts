// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Test files that are run the same way. */
interface Suite {
  name: string;
  files: string[];
  flags: string[];
  /** Runs in so many processes beside each other, each with its part of the files. */
  shards: number;
}

const SUITES: Suite[] = [
  {
    name: 'unit',
    files: globSync(['src/**/*.test.ts', 'test/*.test.ts', 'test/{conformance,contract}/**/*.test.ts']),
    // A process for each file would take a hundred times as long to start.
    flags: ['--test-isolation=none'],
    shards: availableParallelism(),
  },
  {
    name: 'integration',
    files: globSync('test/{native,cli-unit,integration,blackbox}/**/*.test.ts'),
    flags: ['--test-concurrency=2', '--test-timeout=300000'],
    shards: 1,
  },
];

type Counts = Record<string, number>;

async function main(wanted: readonly string[]): Promise<number> {
  if (process.geteuid?.() !== 0) {
    console.error('✖ the tests make containers, mounts and control groups, and need root: run  sudo npm test');
    return 1;
  }
  if (!prepareMachine()) return 1;
  const totals: Counts = {};
  let failed = false;
  for (const suite of SUITES) {
    if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
    console.log(`\n• ${suite.name} tests`);
    for (const { code, counts } of await runSuite(suite)) {
      for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
      failed ||= code !== 0 || !counts.pass;
    }
  }
  report(totals);
  return failed || !totals.pass ? 1 : 0;
}

/** Installs what only tests need (docker's command, debootstrap, …). */
function prepareMachine(): boolean {
  return spawnSync('sh', ['scripts/test-setup.sh'], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function runSuite({ name, files, flags, shards }: Suite): Promise<{ code: number; counts: Counts }[]> {
  if (files.length === 0) throw new Error(`there are no ${name} tests`);
  const parts = Array.from({ length: shards }, (_, shard) => files.filter((_file, at) => at % shards === shard));
  return Promise.all(parts.map((part) => runFiles(part, flags)));
}

async function runFiles(files: string[], flags: string[]): Promise<{ code: number; counts: Counts }> {
  const args = ['--test', '--test-reporter=spec', ...flags, ...files];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const counts: Counts = {};
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    for (const line of lines) {
      const [, name, count] = /^ℹ (\w+) ([\d.]+)$/.exec(line) ?? [];
      if (name) counts[name] = Number(count);
    }
  });
  const code = await new Promise<number>((resolve) => child.on('close', (it) => resolve(it ?? 1)));
  return { code, counts };
}

/** The sum over all suites, in the words of Node's test runner. */
function report(totals: Counts): void {
  console.log('\n• all tests');
  for (const [name, count] of Object.entries(totals)) console.log(`ℹ ${name} ${count}`);
}

process.exitCode = await main(process.argv.slice(2));
