// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';

/** What a resolver is told; `undefined` fields are the host's. */
export interface DnsSettings {
  servers: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/i;

/**
 * A container's /etc/resolv.conf: the host's, with what was asked for in its place. A name server on the host's own loopback
 * interface is left out unless the container shares that interface.
 */
export function resolvConf(host: string, asked: DnsSettings, { sharesLoopback }: { sharesLoopback: boolean }): string {
  const found = parse(host);
  const reachable = found.servers.filter((address) => sharesLoopback || !LOOPBACK.test(address));
  const servers = asked.servers.length > 0 ? asked.servers : reachable;
  // Docker's way to say "no search domain": a single dot.
  const search = asked.search.length > 0 ? asked.search.filter((domain) => domain !== '.') : found.search;
  const options = asked.options.length > 0 ? asked.options : found.options;
  const lines = servers.map((address) => `nameserver ${address}`);
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

function parse(text: string): { servers: string[]; search: string[]; options: string[] } {
  const found = { servers: [] as string[], search: [] as string[], options: [] as string[] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver') found.servers.push(...values.filter(isAddress).slice(0, 1));
    // The last of these lines counts, resolv.conf(5).
    else if (keyword === 'search' || keyword === 'domain') found.search = values;
    else if (keyword === 'options') found.options.push(...values);
  }
  return found;
}

/** A link-local address may name its interface. */
const isAddress = (text: string): boolean => isIP(text.split('%', 1)[0] ?? '') !== 0;
