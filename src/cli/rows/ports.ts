// SPDX-License-Identifier: Apache-2.0
import type { PortSummary } from '#client/types.ts';

interface Group {
  first: number;
  last: number;
}

/** The ports of a container in one cell; neighbours that are published alike become a range: `0.0.0.0:80-82->80-82/tcp`. */
export function describePorts(ports: readonly PortSummary[]): string {
  const groups = new Map<string, Group>();
  const done: string[] = [];
  const mapped: string[] = [];
  for (const port of ports.toSorted(comparePorts)) {
    const { PrivatePort: inner, PublicPort: outer, IP: ip, Type: protocol } = port;
    if (ip && outer !== inner) {
      mapped.push(`${joinHost(ip, String(outer ?? 0))}->${inner}/${protocol}`);
      continue;
    }
    const key = ip ? `${ip}/${protocol}` : protocol;
    const group = groups.get(key);
    if (group && inner === group.last + 1) {
      group.last = inner;
      continue;
    }
    if (group) done.push(describeGroup(key, group));
    groups.set(key, { first: inner, last: inner });
  }
  return [...done, ...[...groups].map(([key, group]) => describeGroup(key, group)), ...mapped].join(', ');
}

function describeGroup(key: string, { first, last }: Group): string {
  const slash = key.lastIndexOf('/');
  const range = first === last ? String(first) : `${first}-${last}`;
  if (slash < 0) return `${range}/${key}`;
  return `${joinHost(key.slice(0, slash), range)}->${range}/${key.slice(slash + 1)}`;
}

const joinHost = (ip: string, port: string): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compare(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compare(a.Type, b.Type)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
