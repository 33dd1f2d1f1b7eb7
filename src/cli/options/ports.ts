// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { cut } from '#cli/options/csv.ts';

export interface PortBindingJson {
  HostIp: string;
  HostPort: string;
}

export interface Ports {
  exposed: Record<string, object>;
  bindings: Record<string, PortBindingJson[]>;
}

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp']);

/** What `--publish` and `--expose` ask for. */
export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const ports: Ports = { exposed: {}, bindings: {} };
  for (const specification of publish) {
    for (const { port, binding } of parsePublish(toShortForm(specification))) {
      ports.exposed[port] = {};
      ports.bindings[port] = [...(ports.bindings[port] ?? []), binding];
    }
  }
  for (const specification of expose) for (const port of parseExpose(specification)) ports.exposed[port] = {};
  return ports;
}

/** `published=80,target=8080,protocol=tcp` as `80:8080/tcp`. */
function toShortForm(specification: string): string {
  if (!specification.includes('=')) return specification;
  const parameters: Record<string, string> = { protocol: 'tcp', published: '', target: '' };
  for (const parameter of specification.split(',')) {
    const [key, value] = cut(parameter, '=');
    if (value === undefined || key === '') {
      throw new Error(`invalid publish opts format (should be name=value but got '${parameter}')`);
    }
    parameters[key] = value;
  }
  return `${parameters.published}:${parameters.target}/${parameters.protocol}`;
}

function parsePublish(specification: string): { port: string; binding: PortBindingJson }[] {
  const { address, hostPort, containerPort } = splitPublish(specification);
  const [range, protocol] = splitProtocol(containerPort);
  const ip = address.replace(/^\[(.*)\]$/, '$1');
  if (ip !== '' && isIP(ip) === 0) throw new Error(`invalid IP address: ${ip}`);
  if (range === '') throw new Error(`no port specified: ${specification}<empty>`);
  const container = parseRange(range);
  if (!container) throw new Error(`invalid containerPort: ${range}`);
  const host = hostPort === '' ? undefined : parseRange(hostPort);
  if (hostPort !== '' && !host) throw new Error(`invalid hostPort: ${hostPort}`);
  const [first, last] = container;
  if (host && last - first !== host[1] - host[0] && last !== first) {
    throw new Error(`invalid ranges specified for container and host Ports: ${range} and ${hostPort}`);
  }
  if (!PROTOCOLS.has(protocol.toLowerCase())) throw new Error(`invalid proto: ${protocol}`);
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    port: `${first + index}/${protocol.toLowerCase()}`,
    binding: { HostIp: ip, HostPort: hostPortAt(host, index, first === last) },
  }));
}

/** A range of host ports stays one when there is a single container port to publish in it. */
function hostPortAt(host: [number, number] | undefined, index: number, isSingle: boolean): string {
  if (!host) return '';
  return isSingle && host[0] !== host[1] ? `${host[0]}-${host[1]}` : String(host[0] + index);
}

function splitPublish(specification: string): { address: string; hostPort: string; containerPort: string } {
  const parts = specification.split(':');
  const containerPort = parts.pop() ?? '';
  const hostPort = parts.pop() ?? '';
  return { address: parts.join(':'), hostPort, containerPort };
}

function splitProtocol(text: string): [ports: string, protocol: string] {
  const [ports, protocol] = cut(text, '/');
  return [ports, protocol || 'tcp'];
}

function parseRange(text: string): [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return last < first || last > 65535 ? undefined : [first, last];
}

function parseExpose(specification: string): string[] {
  if (specification.includes(':')) throw new Error(`invalid port format for --expose: ${specification}`);
  const [ports, protocol] = splitProtocol(specification);
  const range = parseRange(ports);
  if (!range) {
    const why = ports === '' ? 'empty string specified for ports' : `invalid port range: ${ports}`;
    throw new Error(`invalid range format for --expose: ${specification}, error: ${why}`);
  }
  const [first, last] = range;
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}
