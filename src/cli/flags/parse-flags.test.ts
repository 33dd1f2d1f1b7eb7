// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bool, integer, list, string, value } from '#cli/flags/flag.ts';
import { parseFlags } from '#cli/flags/parse-flags.ts';
import { parseMemory } from '#cli/format/units.ts';

const FLAGS = [
  bool('a, all', 'All'),
  bool('proxy', 'Proxy', true),
  string('n, name', 'Name'),
  integer('t, time', 'Time', 7),
  list('e, env', 'Environment'),
  value('m, memory', 'bytes', 'Memory', parseMemory),
  integer('small', 'Small', 0, { minimum: 0, maximum: 10 }),
];

class HelpAsked extends Error {}

const parse = (words: string[], interspersed = true) =>
  parseFlags(words, FLAGS, {
    interspersed,
    onHelp: () => {
      throw new HelpAsked();
    },
  });

test('every way to write a flag is understood', () => {
  const { values, operands } = parse([
    '-an',
    'x',
    '--proxy=false',
    '-t=3',
    '-ea=1',
    '-e',
    'b=2',
    '--env=c',
    '--memory',
    '1k',
    'rest',
  ]);
  assert.equal(values.bool('all'), true);
  assert.equal(values.bool('proxy'), false);
  assert.equal(values.string('name'), 'x');
  assert.equal(values.number('time'), 3);
  assert.deepEqual(values.list('env'), ['a=1', 'b=2', 'c']);
  assert.equal(values.number('memory'), 1024);
  assert.deepEqual(operands, ['rest']);
});

test('flags that were not given have their initial values, and are known not to be given', () => {
  const { values } = parse([]);
  assert.deepEqual([values.number('time'), values.bool('proxy'), values.list('env')], [7, true, []]);
  assert.equal(values.isGiven('time'), false);
  assert.equal(values.countGiven(), 0);
  assert.equal(parse(['-t', '7']).values.isGiven('time'), true);
});

test('flags may follow operands, unless the first operand ends them', () => {
  assert.deepEqual(parse(['x', '-a', 'y']).operands, ['x', 'y']);
  const stopped = parse(['-a', 'image', '-n', '--all'], false);
  assert.deepEqual(stopped.operands, ['image', '-n', '--all']);
  assert.equal(stopped.values.isGiven('name'), false);
});

test('two dashes end the flags, and one dash is an operand', () => {
  assert.deepEqual(parse(['-', '--', '-a']).operands, ['-', '-a']);
});

test('a value may begin with a dash', () => {
  assert.equal(parse(['-t', '-5']).values.number('time'), -5);
  assert.equal(parse(['-n', '--all']).values.string('name'), '--all');
});

const MISTAKES: [words: string[], message: string][] = [
  [['--nothing'], 'unknown flag: --nothing'],
  [['--nothing=1'], 'unknown flag: --nothing'],
  [['-ax'], "unknown shorthand flag: 'x' in -x"],
  [['--name'], 'flag needs an argument: --name'],
  [['-an'], "flag needs an argument: 'n' in -n"],
  [['---x'], 'bad flag syntax: ---x'],
  [['--=x'], 'bad flag syntax: --=x'],
  [['-t', 'x'], 'invalid argument "x" for "-t, --time" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  [
    ['--all=maybe'],
    'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [['--small', '11'], 'invalid argument "11" for "--small" flag: strconv.ParseUint: parsing "11": value out of range'],
  [['-m', '1x'], 'invalid argument "1x" for "-m, --memory" flag: invalid suffix: \'x\''],
];

for (const [words, message] of MISTAKES) {
  test(`${words.join(' ')} is refused: ${message}`, () => {
    assert.throws(() => parse(words), { name: 'FlagError', message });
  });
}

test('help is asked for by name or letter', () => {
  for (const word of ['--help', '-h', '-ah']) assert.throws(() => parse([word]), HelpAsked);
});
