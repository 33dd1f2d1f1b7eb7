// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSignal, stopSignalOf } from '#container/signals.ts';

test('signals are known by name, with and without SIG, and by number', () => {
  const cases: [string, number][] = [
    ['SIGTERM', 15],
    ['TERM', 15],
    ['sigkill', 9],
    ['Hup', 1],
    ['15', 15],
    ['64', 64],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
    ['RTMAX', 64],
  ];
  for (const [text, number] of cases) assert.equal(parseSignal(text), number, text);
});

test('anything else is no signal', () => {
  for (const text of ['', '0', '65', '-9', 'SIGNOPE', 'RTMIN-1', 'RTMAX+1', 'RTMIN+31', '9.5', 'SIG', '1e1']) {
    assert.throws(() => parseSignal(text), { code: 'invalid-parameter', message: `invalid signal: ${text}` }, text);
  }
});

test('a container that names no stop signal is asked with SIGTERM', () => {
  assert.equal(stopSignalOf({}), 15);
  assert.equal(stopSignalOf({ stopSignal: '' }), 15);
  assert.equal(stopSignalOf({ stopSignal: 'SIGQUIT' }), 3);
});
