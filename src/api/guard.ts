// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { EngineError } from '#core/errors.ts';

/**
 * Keeps web pages from using an engine that listens on TCP: a page may send requests to 127.0.0.1 (cross-site request
 * forgery), or let its own name point there (DNS rebinding). Programs that speak to Docker send neither an `Origin` nor
 * a foreign `Host`. A unix socket is out of a browser's reach.
 */
export function refuseWebPages(request: IncomingMessage, allowedHosts: ReadonlySet<string>): void {
  const { host = '', origin } = request.headers;
  if (!isOurName(hostName(host), allowedHosts)) {
    throw forbidden(`the host name ${JSON.stringify(host)} is not one of this engine's: use its IP address`);
  }
  if (origin !== undefined && originHost(origin) !== host.toLowerCase()) {
    throw forbidden(`requests from the web page ${JSON.stringify(origin)} are not allowed`);
  }
  if (/^(cross|same)-site$/.test(String(request.headers['sec-fetch-site'] ?? ''))) {
    throw forbidden('requests from web pages of other sites are not allowed');
  }
}

const forbidden = (message: string) => new EngineError('forbidden', message);

function isOurName(name: string, allowedHosts: ReadonlySet<string>): boolean {
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || allowedHosts.has(name);
}

/** Without port and brackets, in lower case. */
const hostName = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
