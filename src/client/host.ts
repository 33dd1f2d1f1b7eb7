// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import { DEFAULT_SOCKET } from '#core/paths.ts';

/** Files that secure a TCP connection; read only when one is made. */
export interface TlsFiles {
  ca?: string;
  cert?: string;
  key?: string;
  /** Refuse an engine whose certificate `ca` did not sign. */
  verify: boolean;
}

/** Where an engine is. */
export interface Endpoint {
  /** As a person would write it: `unix:///run/hoy/hoy.sock`, `tcp://host:2376`. */
  host: string;
  address: { socketPath: string } | { hostname: string; port: number };
  tls?: TlsFiles;
  /** Nobody named a host: an engine may be started there. */
  isDefault: boolean;
}

export interface EndpointChoice {
  /** Values of `-H`. */
  hosts: readonly string[];
  tls?: { enabled: boolean; verify: boolean; ca?: string; cert?: string; key?: string };
  /** Docker's configuration folder, where certificates are by default. */
  configFolder: string;
  env: Readonly<Record<string, string | undefined>>;
}

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/** The endpoint that flags, else environment variables, else the default name. */
export function chooseEndpoint(choice: EndpointChoice): Endpoint {
  if (choice.hosts.length > 1) throw invalidParameter('Specify only one -H');
  const named = choice.hosts[0] || choice.env.HOY_HOST || choice.env.DOCKER_HOST;
  if (!named) return { host: `unix://${DEFAULT_SOCKET}`, address: { socketPath: DEFAULT_SOCKET }, isDefault: true };
  const tls = chooseTls(choice);
  return parseHost(named.trim(), tls);
}

function chooseTls(choice: EndpointChoice): TlsFiles | undefined {
  const { env, tls } = choice;
  const verify = tls?.verify || Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !tls?.enabled && !env.DOCKER_TLS) return undefined;
  const folder = env.DOCKER_CERT_PATH || choice.configFolder;
  return {
    verify,
    ca: tls?.ca ?? join(folder, 'ca.pem'),
    cert: tls?.cert ?? join(folder, 'cert.pem'),
    key: tls?.key ?? join(folder, 'key.pem'),
  };
}

/** Reads `unix://PATH`, `tcp://HOST[:PORT]`, `http(s)://HOST[:PORT]`, `HOST[:PORT]` or an absolute path. */
export function parseHost(text: string, tls?: TlsFiles): Endpoint {
  if (text.startsWith('/')) return unixEndpoint(text);
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  const scheme = match?.[1]?.toLowerCase() ?? 'tcp';
  const rest = match?.[2] ?? text;
  switch (scheme) {
    case 'unix':
      return unixEndpoint(rest || DEFAULT_SOCKET);
    case 'tcp':
    case 'http':
    case 'https': {
      const files = scheme === 'https' ? (tls ?? { verify: true }) : tls;
      return tcpEndpoint(text, rest, files);
    }
    default:
      throw invalidParameter(`unable to parse docker host \`${text}\`: use unix://PATH or tcp://HOST:PORT`);
  }
}

function unixEndpoint(socketPath: string): Endpoint {
  return { host: `unix://${socketPath}`, address: { socketPath }, isDefault: false };
}

function tcpEndpoint(text: string, rest: string, tls: TlsFiles | undefined): Endpoint {
  const defaultPort = tls ? TLS_PORT : PLAIN_PORT;
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^\s:/?#[\]]*))(?::(\d{1,5}))?\/?$/i.exec(rest);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (!match || port < 1 || port > 65535) {
    throw invalidParameter(`unable to parse docker host \`${text}\`: use tcp://HOST:PORT`);
  }
  const hostname = match[1] ?? (match[2] || '127.0.0.1');
  const shown = hostname.includes(':') ? `[${hostname}]` : hostname;
  return { host: `tcp://${shown}:${port}`, address: { hostname, port }, isDefault: false, ...(tls && { tls }) };
}
