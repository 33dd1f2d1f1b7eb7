// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandLine } from '#daemon/program.ts';

test('--version and --help print and end, whatever else is there', () => {
  for (const [argv, expected] of [
    [['--version'], /^Hoy version \d+\.\d+\.\d+\S*, build \w+\n$/],
    [['-v', '--log-level', 'nonsense'], /^Hoy version/],
    [['--help'], /Usage: {2}hoyd \[OPTIONS\][\s\S]*--data-root string/],
  ] as const) {
    const intent = readCommandLine(argv);
    assert.equal(intent.kind, 'print');
    assert.match(intent.kind === 'print' ? intent.text : '', expected);
  }
});

test('--validate checks the configuration and starts nothing', () => {
  assert.deepEqual(readCommandLine(['--validate']), { kind: 'print', text: 'configuration OK\n' });
  assert.throws(() => readCommandLine(['--validate', '--log-level', 'nonsense']), /invalid logging level/);
});

test('everything else is an engine with its configuration', () => {
  const intent = readCommandLine(['--data-root', '/x']);
  assert.equal(intent.kind === 'run' && intent.config.dataRoot, '/x');
});
