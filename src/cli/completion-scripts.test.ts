// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { bashCompletion, fishCompletion, type WordTree, zshCompletion } from '#cli/completion-scripts.ts';

const TREE: WordTree = {
  commands: [
    { name: 'container ls', short: 'List', flags: ['--all', '-a'], operand: '' },
    { name: 'ps', short: 'List', flags: ['--all', '-a'], operand: '' },
    { name: 'version', short: "It's the version", flags: ['--format'], operand: '' },
  ],
};

/** What bash offers for the words typed so far. */
function complete(...words: string[]): string[] {
  const script = `${bashCompletion(TREE)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _hoy; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

test('bash completes commands, commands of groups, and flags', () => {
  assert.deepEqual(complete('hoy', 'p'), ['ps']);
  assert.deepEqual(complete('hoy', ''), ['container', 'ps', 'version', 'help']);
  assert.deepEqual(complete('hoy', 'container', 'l'), ['ls']);
  assert.deepEqual(complete('hoy', 'container', 'ls', '--'), ['--all', '--help']);
  assert.deepEqual(complete('hoy', 'ps', '-'), ['--all', '-a', '--help']);
});

test('the scripts for zsh and fish name every command', () => {
  for (const script of [zshCompletion(TREE), fishCompletion(TREE)]) {
    for (const word of ['container', 'ps', 'version']) assert.ok(script.includes(word));
  }
  assert.ok(fishCompletion(TREE).includes("'It\\'s the version'"));
});
