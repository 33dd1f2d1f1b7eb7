// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyFrames, FrameReader } from '#client/frames.ts';

function frame(stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** What each stream got, whatever the chunks were. */
function readAll(chunks: readonly Buffer[]): Record<number, string> {
  const got: Record<number, string> = {};
  const reader = new FrameReader((stream, payload) => {
    got[stream] = (got[stream] ?? '') + payload.toString('latin1');
  });
  for (const chunk of chunks) reader.push(chunk);
  return got;
}

test('frames are put together again however their bytes are cut', () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 20 })), { maxLength: 10 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 30 }), (list, size) => {
      const whole = Buffer.concat(list.map(([stream, bytes]) => frame(stream, Buffer.from(bytes))));
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
      assert.deepEqual(readAll(chunks), readAll([whole]));
      const sent = list.filter(([stream]) => stream === 1).map(([, bytes]) => Buffer.from(bytes).toString('latin1'));
      assert.equal(readAll(chunks)[1] ?? '', sent.join(''));
    }),
  );
});

test('neighbouring frames of one stream in a chunk are written together', () => {
  const sizes: number[] = [];
  const reader = new FrameReader((_stream, payload) => sizes.push(payload.length));
  reader.push(Buffer.concat([1, 1, 2, 1].map((stream) => frame(stream, Buffer.from('ab')))));
  assert.deepEqual(sizes, [4, 2, 2]);
});

test('an unknown stream and an error of the engine in the stream are errors', () => {
  assert.throws(() => readAll([frame(9, Buffer.from('x'))]), /Unrecognized stream: 9/);
  assert.throws(() => readAll([frame(3, Buffer.from('it broke'))]), /error from daemon in stream: it broke/);
});

test('copying waits for a slow output instead of piling up what it did not take', async () => {
  const source = new PassThrough();
  let taken = 0;
  let mostWaiting = 0;
  const slow = new Writable({
    highWaterMark: 1024,
    write(chunk, _encoding, done) {
      taken += chunk.length;
      mostWaiting = Math.max(mostWaiting, slow.writableLength);
      setImmediate(done);
    },
  });
  const copied = copyFrames(source, { stdout: slow });
  for (let count = 0; count < 200; count++) source.write(frame(1, Buffer.alloc(1000)));
  source.end();
  await copied;
  await new Promise((resolve) => {
    slow.end(resolve);
  });
  assert.equal(taken, 200_000);
  assert.ok(mostWaiting < 100_000, `${mostWaiting} bytes were waiting`);
});

test('output for a stream that is not wanted is dropped', async () => {
  const source = new PassThrough();
  source.end(Buffer.concat([frame(1, Buffer.from('out')), frame(2, Buffer.from('err'))]));
  const stderr = new PassThrough();
  await copyFrames(source, { stderr });
  assert.equal(String(stderr.read()), 'err');
});
