// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDetachKeys } from './detach-keys.ts';
import { FILTER_NAMES, parseFilters, readFilters } from './filters.ts';
import { humanDuration } from './human.ts';
import { platformFromJson, platformFromText } from './platform.ts';
import { Query } from './query.ts';
import { parseTarget } from './router.ts';
import { parseUnixTimestamp } from './timestamp.ts';
import { ApiVersion, negotiate } from './version.ts';

const FLAGS: [text: string, value: boolean][] = [
  ['x', true],
  ['1', true],
  ['true', true],
  ['True', true],
  ['yes', true],
  ['anything', true],
  ['', false],
  ['0', false],
  ['false', false],
  ['FALSE', false],
  ['no', false],
  ['none', false],
  [' false ', false],
];

for (const [text, value] of FLAGS) {
  test(`a flag written ${JSON.stringify(text)} is ${value}`, () => {
    assert.equal(new Query(`a=${encodeURIComponent(text)}`).flag('a'), value);
  });
}

test('a flag that does not appear has its default, one without value is false', () => {
  assert.deepEqual(
    [new Query('').flag('a', true), new Query('a').flag('a', true), new Query('').flag('a')],
    [true, false, false],
  );
});

test('numbers of a query are checked', () => {
  const query = new Query('a=-1&b=x&c=&d=1.5&e=99999999999999999999&h=4294967295&w=-3');
  assert.deepEqual([query.integer('a'), query.integer('c'), query.integer('none')], [-1, undefined, undefined]);
  for (const name of ['b', 'd', 'e']) assert.throws(() => query.integer(name), { code: 'invalid-parameter' });
  assert.equal(query.terminalSide('h', 'height'), 4294967295);
  assert.throws(() => query.terminalSide('w', 'width'), { message: 'invalid resize width "-3": value out of range' });
  assert.throws(() => query.terminalSide('b', 'width'), { message: 'invalid resize width "x": invalid syntax' });
});

const FILTERS: [text: string, filters: [string, string[]][]][] = [
  ['', []],
  ['{}', []],
  ['null', []],
  ['{"label":["a","b","a"]}', [['label', ['a', 'b']]]],
  ['{"label":{"a":true,"b":true}}', [['label', ['a', 'b']]]],
  ['{"a":null}', [['a', []]]],
  ['{"__proto__":["x"]}', [['__proto__', ['x']]]],
];

for (const [text, filters] of FILTERS) {
  test(`the filters ${text || 'of an empty text'} are understood`, () =>
    assert.deepEqual([...parseFilters(text)], filters));
}

for (const text of ['x', '[]', '{"a":"b"}', '{"a":[1]}', '{"a":{"b":1}}', '"a"']) {
  test(`the filters ${text} are refused`, () => {
    assert.throws(() => parseFilters(text), { code: 'invalid-parameter', message: 'invalid filter' });
  });
}

test('a filter that the listing does not have is refused by its name', () => {
  const query = new Query(`filters=${encodeURIComponent('{"color":["red"]}')}`);
  assert.throws(() => readFilters(query, FILTER_NAMES.containers), { message: "invalid filter 'color'" });
});

const MOMENTS: [text: string, nano: bigint | undefined][] = [
  ['', undefined],
  ['0', 0n],
  ['1767225600', 1_767_225_600_000_000_000n],
  ['1767225600.5', 1_767_225_600_500_000_000n],
  ['1767225600.123456789', 1_767_225_600_123_456_789n],
  ['1767225600.1234567891', 1_767_225_600_123_456_789n],
  ['1767225600.', 1_767_225_600_000_000_000n],
];

for (const [text, nano] of MOMENTS) {
  test(`the moment ${JSON.stringify(text)} is ${nano} ns`, () => assert.equal(parseUnixTimestamp(text, 'since'), nano));
}

for (const text of ['x', '1.x', '10m', '2026-01-01', '1e3', '9999999999999999999', '1.123456789012345678901']) {
  test(`the moment ${text} is refused`, () => {
    assert.throws(() => parseUnixTimestamp(text, "'since'"), {
      code: 'invalid-parameter',
      message: /^invalid value for 'since': /,
    });
  });
}

test('platforms come as text or as JSON', () => {
  assert.equal(platformFromText(''), undefined);
  assert.deepEqual(platformFromText('linux/arm/v7'), { os: 'linux', architecture: 'arm', variant: 'v7' });
  const json = '{"os":"linux","Architecture":"arm64","variant":"v8","os.version":"1"}';
  assert.deepEqual(platformFromJson(json), { os: 'linux', architecture: 'arm64', variant: 'v8', osVersion: '1' });
  assert.throws(() => platformFromJson('{"variant":"v8"}'), {
    message: 'optional platform fields provided, but OS and Architecture are missing',
  });
  assert.throws(() => platformFromJson('{"os":"linux"}'), { message: 'both OS and Architecture must be provided' });
  assert.throws(() => platformFromJson('{"os":1,"architecture":"x"}'), { code: 'invalid-parameter' });
  for (const text of ['linux', '[]', 'null'])
    assert.throws(() => platformFromJson(text), { code: 'invalid-parameter' });
});

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DURATIONS: [ms: number, text: string][] = [
  [-5, 'Less than a second'],
  [999, 'Less than a second'],
  [1999, '1 second'],
  [59 * SECOND, '59 seconds'],
  [60 * SECOND, 'About a minute'],
  [120 * SECOND, '2 minutes'],
  [60 * 60 * SECOND - 1, '59 minutes'],
  [HOUR, 'About an hour'],
  [1.6 * HOUR, '2 hours'],
  [47 * HOUR, '47 hours'],
  [48 * HOUR, '2 days'],
  [14 * 24 * HOUR, '2 weeks'],
  [60 * 24 * HOUR, '2 months'],
  [2 * 365 * 24 * HOUR, '2 years'],
];

for (const [ms, text] of DURATIONS) {
  test(`${ms} ms are "${text}"`, () => assert.equal(humanDuration(ms), text));
}

for (const keys of ['', 'ctrl-p,ctrl-q', 'ctrl-@', 'ctrl-[,a', 'x', 'DEL']) {
  test(`the detach keys ${JSON.stringify(keys)} are accepted`, () =>
    assert.equal(checkDetachKeys(keys, 'detach'), keys));
}

for (const keys of ['ctrl-', 'ctrl-1', 'ab', 'a,,b', 'ctrl-pp', 'ctrl-A', 'é']) {
  test(`the detach keys ${keys} are refused`, () => {
    assert.throws(() => checkDetachKeys(keys, 'escape'), { message: `Invalid escape keys (${keys}) provided` });
  });
}

test('versions compare by their parts', () => {
  const version = new ApiVersion('1.41');
  assert.deepEqual([version.before('1.42'), version.before('1.41'), version.before('1.5')], [true, false, false]);
  assert.equal(negotiate(undefined).text, '1.55');
  for (const text of ['1.24', '1.55', '1.40']) assert.equal(negotiate(text).text, text);
});

const TARGETS: [url: string, path: string, query: string, version: string][] = [
  ['/v1.40/a?b=c?d', '/a', 'b=c?d', '1.40'],
  ['/a/', '/a', '', '1.55'],
  ['/', '/', '', '1.55'],
  ['//a//b', '/a/b', '', '1.55'],
  ['/images/a%2Fb/json', '/images/a/b/json', '', '1.55'],
  ['http://localhost:2375/v1.30/a?x', '/a', 'x', '1.30'],
  ['/volumes', '/volumes', '', '1.55'],
];

for (const [url, path, query, version] of TARGETS) {
  test(`the target ${url} is taken apart`, () => {
    const target = parseTarget(url);
    assert.deepEqual([target.path, target.query, target.version.text], [path, query, version]);
  });
}
