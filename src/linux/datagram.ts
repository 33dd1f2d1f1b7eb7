// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { cString, libcCall } from '#linux/ffi.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const SUN_PATH_BYTES = 108;

const libcSocket = libcCall('socket', 'int', ['int', 'int', 'int']);
const libcSendto = libcCall('sendto', 'long', ['int', 'pointer', 'ulong', 'int', 'pointer', 'uint']);

/** Sends one datagram to a unix socket (Node has no such sockets). `@name` is an abstract one. Never waits. */
export function sendDatagram(path: string, message: string): void {
  const { address, length } = socketAddress(path);
  const bytes = Buffer.from(message);
  const fd = libcSocket(path, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    libcSendto(path, fd, bytes, bytes.length, MSG_NOSIGNAL, address, length);
  } finally {
    closeSync(fd);
  }
}

/** `struct sockaddr_un` (unix(7)); the name of an abstract socket begins with a zero byte and has none at its end. */
function socketAddress(path: string): { address: Buffer; length: number } {
  const isAbstract = path.startsWith('@');
  const name = isAbstract ? Buffer.from(`\0${path.slice(1)}`) : cString(path);
  if (name.length > SUN_PATH_BYTES) throw new Error(`the path of the socket is too long: ${path}`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX, 0);
  address.set(name, 2);
  return { address, length: address.length };
}
