// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern, matchPattern } from '#container/guarded-pattern.ts';

test('patterns find what Go finds with them', () => {
  const texts = ['web-1', 'WEB', '/db', 'a.b'];
  const cases: [pattern: string, found: string[]][] = [
    ['web', ['web-1']],
    ['', texts],
    ['(?i)web', ['web-1', 'WEB']],
    ['^/', ['/db']],
    ['a.b', ['a.b']],
    ['^(web-\\d|/db)$', ['web-1', '/db']],
    ['[', []],
    ['x'.repeat(2000), []],
  ];
  for (const [pattern, found] of cases) {
    const matches = matchPattern(pattern, texts);
    assert.deepEqual(
      texts.filter((_, index) => matches[index]),
      found,
      pattern.slice(0, 20),
    );
  }
});

test('a search that explodes is cut off and finds nothing', () => {
  const started = performance.now();
  assert.deepEqual(matchPattern('^(a+)+$', ['aaa', `${'a'.repeat(50)}!`]), [false, false]);
  assert.ok(performance.now() - started < 3000);
});

test('a pattern can not reach the engine', () => {
  for (const pattern of ['"]);process.exit();//', '\\u0027)']) {
    assert.deepEqual(matchPattern(pattern, ['x']), [false]);
  }
});

test('what is no pattern is told apart', () => {
  for (const bad of ['(', '[a', '*', '(?i)(']) assert.equal(compilePattern(bad), undefined, bad);
  for (const good of ['a', '(?im)^x', '']) assert.ok(compilePattern(good), good);
});
