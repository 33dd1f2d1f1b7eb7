// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';
import { DEFAULT_SOCKET } from '#core/paths.ts';

/** An address to listen on. */
export type Host =
  | { kind: 'unix'; path: string; text: string }
  | { kind: 'tcp'; address: string; port: number; text: string }
  /** Sockets that systemd passes (socket activation): all of them, or the one with this number or name. */
  | { kind: 'fd'; which: string; text: string };

const DEFAULT_ADDRESS = 'localhost';
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/** Reads a `-H` value; what it leaves out takes dockerd's defaults. Throws with dockerd's words. */
export function parseHost(text: string, options: { tls: boolean }): Host {
  const trimmed = text.trim();
  const [, protocol = 'tcp', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/s.exec(trimmed) ?? [];
  if (trimmed === '' || protocol === 'unix') return unixHost(rest || DEFAULT_SOCKET, trimmed);
  if (protocol === 'fd') return { kind: 'fd', which: rest, text: trimmed };
  if (protocol === 'tcp') return tcpHost(rest, trimmed, options.tls ? TLS_PORT : PLAIN_PORT);
  throw new Error(`invalid bind address (${trimmed}): unsupported proto '${protocol}'`);
}

function unixHost(path: string, text: string): Host {
  // sun_path of a socket address holds 108 bytes with the closing zero (unix(7)).
  if (Buffer.byteLength(path) > 107) throw new Error(`invalid bind address (${text}): the socket's path is too long`);
  if (!path.startsWith('/')) throw new Error(`invalid unix address: ${path}: an absolute path is needed`);
  return { kind: 'unix', path, text: `unix://${path}` };
}

function tcpHost(rest: string, text: string, defaultPort: number): Host {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:/[\]]*))(?::([^/]*))?\/?$/.exec(rest) ?? [];
  if (bracketed === undefined && plain === undefined) {
    const reason = rest.includes('/')
      ? 'should not contain a path element'
      : 'expected an address such as 127.0.0.1:2376';
    throw new Error(`invalid bind address (${text}): ${reason}`);
  }
  const address = (bracketed ?? plain) || DEFAULT_ADDRESS;
  if (bracketed !== undefined && isIP(bracketed) !== 6) {
    throw new Error(`invalid bind address (${text}): ${bracketed} is not an IPv6 address`);
  }
  const port = portText === undefined || portText === '' ? defaultPort : Number(portText);
  if (!/^\d*$/.test(portText ?? '') || port < 0 || port > 65_535) {
    throw new Error(`invalid bind address (${text}): invalid port: ${portText}`);
  }
  return { kind: 'tcp', address, port, text: `tcp://${bracketed === undefined ? address : `[${address}]`}:${port}` };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether nobody outside this machine can reach the address. A name other than `localhost` is not trusted to be. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return address === 'localhost';
  return LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
