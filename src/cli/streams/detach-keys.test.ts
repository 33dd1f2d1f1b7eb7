// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetachWatcher, parseDetachKeys } from '#cli/streams/detach-keys.ts';

test('key sequences are read into the bytes a terminal sends', () => {
  const cases: [text: string, bytes: number[] | undefined][] = [
    ['', [16, 17]],
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-A,d', [1, 100]],
    ['ctrl-@', [0]],
    ['ctrl-]', [29]],
    ['ctrl-_', [31]],
    ['DEL,x', [127, 120]],
    ['ctrl-1', undefined],
    ['abc', undefined],
    ['a,', undefined],
  ];
  for (const [text, bytes] of cases)
    assert.deepEqual(parseDetachKeys(text) && [...(parseDetachKeys(text) ?? [])], bytes);
});

/** What is sent on for what is typed, piece by piece. */
function type(pieces: string[], keys = 'ctrl-p,ctrl-q'): { sent: string; detached: boolean } {
  const watcher = new DetachWatcher(parseDetachKeys(keys) ?? Buffer.alloc(0));
  let sent = '';
  for (const piece of pieces) {
    const { passed, detached } = watcher.push(Buffer.from(piece));
    sent += passed.toString();
    if (detached) return { sent, detached };
  }
  return { sent, detached: false };
}

test('the keys detach, at once or one by one, and are not sent', () => {
  assert.deepEqual(type(['ab\x10\x11c']), { sent: 'ab', detached: true });
  assert.deepEqual(type(['a', '\x10', '\x11']), { sent: 'a', detached: true });
});

test('keys that were held back are sent when the others do not follow', () => {
  assert.deepEqual(type(['\x10', 'x']), { sent: '\x10x', detached: false });
  assert.deepEqual(type(['\x10\x10', '\x11']), { sent: '\x10', detached: true });
});
