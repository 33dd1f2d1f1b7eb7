// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { test } from 'node:test';
import { sendWithDescriptor, socketPair } from '#linux/descriptor.ts';

test('what goes in at one end of a pair comes out at the other', () => {
  const [one, other] = socketPair();
  assert.equal(sendWithDescriptor(one, Buffer.from('hello')), 5);
  const received = Buffer.alloc(10);
  assert.equal(received.toString('utf8', 0, readSync(other, received)), 'hello');
  closeSync(one);
  closeSync(other);
});

test('a descriptor that was sent stays open until the receiver has dropped it', () => {
  const [one, other] = socketPair();
  const [kept, sent] = socketPair();
  sendWithDescriptor(one, Buffer.from('x'), sent);
  closeSync(sent);
  // The only other end of `kept` is on its way: writing to it still works.
  assert.equal(sendWithDescriptor(kept, Buffer.from('y')), 1);
  closeSync(one);
  closeSync(other);
  assert.throws(() => sendWithDescriptor(kept, Buffer.from('z')), { code: 'EPIPE' });
  closeSync(kept);
});

test('a receiver that does not read makes it EAGAIN, never a wait', () => {
  const [one, other] = socketPair();
  assert.throws(
    () => {
      for (;;) sendWithDescriptor(one, Buffer.alloc(1000));
    },
    { code: 'EAGAIN' },
  );
  closeSync(one);
  closeSync(other);
});

test('what is not a socket is refused', () => {
  const file = openSync('/dev/null', 'r');
  assert.throws(() => sendWithDescriptor(file, Buffer.from('x')), { code: 'ENOTSOCK' });
  closeSync(file);
});

test('nothing is left open', () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 100; i++) {
    const [one, other] = socketPair();
    assert.ok(fstatSync(one).isSocket());
    sendWithDescriptor(one, Buffer.from('x'), other);
    closeSync(one);
    closeSync(other);
  }
  assert.ok(readdirSync('/proc/self/fd').length <= before);
});
