// SPDX-License-Identifier: Apache-2.0
import { addressOf, libcCall } from '#linux/ffi.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Offsets in one block of memory, so that nothing a pointer leads to can be collected during the call (64-bit ABI). */
const MSGHDR = 0;
const IOVEC = 56;
const CONTROL = 72;
const CONTROL_SIZE = 24;
const CONTROL_LENGTH = 20;
const BYTES = CONTROL + CONTROL_SIZE;

const libcSocketpair = libcCall('socketpair', 'int', ['int', 'int', 'int', 'pointer']);
const libcSendmsg = libcCall('sendmsg', 'long', ['int', 'pointer', 'int']);

/** Two connected stream sockets. Both are closed on exec. */
export function socketPair(): [number, number] {
  const ends = new Int32Array(2);
  libcSocketpair(undefined, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, new Uint8Array(ends.buffer));
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/**
 * Sends `bytes` over a unix socket without waiting, and with the first of them `descriptor`, which the receiver gets a
 * duplicate of. Returns how many bytes were taken; throws EAGAIN when none, and the descriptor is not sent then.
 */
export function sendWithDescriptor(socket: number, bytes: Uint8Array, descriptor?: number): number {
  const block = Buffer.alloc(BYTES + bytes.length);
  const address = addressOf(block);
  block.set(bytes, BYTES);
  block.writeBigUInt64LE(address + BigInt(BYTES), IOVEC);
  block.writeBigUInt64LE(BigInt(bytes.length), IOVEC + 8);
  block.writeBigUInt64LE(address + BigInt(IOVEC), MSGHDR + 16);
  block.writeBigUInt64LE(1n, MSGHDR + 24);
  if (descriptor !== undefined) {
    block.writeBigUInt64LE(address + BigInt(CONTROL), MSGHDR + 32);
    block.writeBigUInt64LE(BigInt(CONTROL_SIZE), MSGHDR + 40);
    writeRights(block.subarray(CONTROL, BYTES), descriptor);
  }
  return libcSendmsg(undefined, socket, block, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** A control message of type SCM_RIGHTS with one descriptor. */
function writeRights(control: Buffer, descriptor: number): void {
  control.writeBigUInt64LE(BigInt(CONTROL_LENGTH), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(descriptor, 16);
}
