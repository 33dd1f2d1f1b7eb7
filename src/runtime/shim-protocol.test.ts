// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeAttach, encodeFrame, encodeSize, FRAME, FrameDecoder } from '#runtime/shim-protocol.ts';

const NOTHING = { stdin: false, stdout: false, stderr: false, multiplexed: false, detachKeys: new Uint8Array() };

test('frames are found wherever the stream is cut', () => {
  const frames = [
    encodeFrame(FRAME.started, 0, Buffer.from('{"pid":7}')),
    encodeFrame(FRAME.accepted, 65535, Buffer.alloc(0)),
    encodeFrame(FRAME.exited, 0, Buffer.alloc(70_000, 'x')),
  ];
  const stream = Buffer.concat(frames);
  for (const size of [1, 3, 8, 9, 17, 1000, stream.length]) {
    const decoder = new FrameDecoder();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...decoder.push(stream.subarray(at, at + size)));
    assert.deepEqual(
      found.map(({ type, id, payload }) => [type, id, payload.length]),
      [
        [FRAME.started, 0, 9],
        [FRAME.accepted, 65535, 0],
        [FRAME.exited, 0, 70_000],
      ],
    );
    assert.equal(String(found[0]?.payload), '{"pid":7}');
  }
});

test('an attach request has flags, keys and what was read already', () => {
  const detachKeys = Uint8Array.of(16, 17);
  assert.deepEqual([...encodeAttach(NOTHING, Buffer.alloc(0))], [0, 0, 0, 0]);
  assert.deepEqual(
    [...encodeAttach({ ...NOTHING, stdin: true, stderr: true, detachKeys }, Buffer.from('A'))],
    [5, 2, 0, 0, 16, 17, 65],
  );
  assert.deepEqual([...encodeAttach({ ...NOTHING, stdout: true, multiplexed: true }, Buffer.alloc(0))], [10, 0, 0, 0]);
});

test('more detach keys than the shim looks for are refused', () => {
  assert.throws(() => encodeAttach({ ...NOTHING, detachKeys: new Uint8Array(65) }, Buffer.alloc(0)), {
    code: 'invalid-parameter',
  });
});

test('a size is rows, then columns', () => {
  assert.deepEqual([...encodeSize(24, 0x150)], [24, 0, 0x50, 1]);
});

/** `FRAME_CLOSE_STDIN = 5,` as `closeStdin: 5`. */
function numbersInC(): Record<string, number> {
  const header = readFileSync(join(import.meta.dirname, '../../native/protocol.h'), 'utf8');
  const named = [...header.matchAll(/FRAME_([A-Z_]+) = (\d+),/g)].map(([, name = '', number]) => {
    const words = name.toLowerCase().split('_');
    return [
      words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join(''),
      Number(number),
    ];
  });
  return Object.fromEntries(named);
}

test('both languages have the same numbers', () => {
  assert.deepEqual(numbersInC(), FRAME);
});
