// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { ContainerRecord } from '#model/container.ts';

interface PortRange {
  first: number;
  last: number;
  protocol: string;
}

/**
 * The filters `publish` (port on the host) and `expose` (port in the container): `80`, `80/udp` or `8000-8080/tcp`.
 * `undefined` when neither is given.
 */
export function compilePortFilter(
  publish: readonly string[],
  expose: readonly string[],
): ((record: ContainerRecord) => boolean) | undefined {
  const published = publish.map((value) => parseFilter('publish', value));
  const exposed = expose.map((value) => parseFilter('expose', value));
  if (published.length + exposed.length === 0) return undefined;
  return (record) =>
    publishedPorts(record).some((port) => published.some((wanted) => overlap(port, wanted))) ||
    exposedPorts(record).some((port) => exposed.some((wanted) => overlap(port, wanted)));
}

const overlap = (a: PortRange, b: PortRange): boolean =>
  a.protocol === b.protocol && a.first <= b.last && b.first <= a.last;

function parseFilter(filter: string, value: string): PortRange {
  if (value.includes(':')) throw invalidParameter(`filter for '${filter}' should not contain ':': ${value}`);
  const parsed = parsePortRange(value);
  if (typeof parsed !== 'string') return parsed;
  throw invalidParameter(`error while looking up for ${filter} ${value}: ${parsed}`);
}

/** The range, or what is wrong with it. */
function parsePortRange(value: string): PortRange | string {
  if (value === '') return 'invalid port range: value is empty';
  const [ports = '', protocol = 'tcp'] = value.split('/', 2);
  const [start = '', end = start] = ports.split('-', 2);
  const first = parsePort(start);
  const last = parsePort(end);
  if (typeof first === 'string') return `invalid start port '${start}': ${first}`;
  if (typeof last === 'string') return `invalid end port '${end}': ${last}`;
  if (last < first) return `invalid port range: ${value}`;
  return { first, last, protocol: protocol.toLowerCase() || 'tcp' };
}

function parsePort(text: string): number | string {
  if (text === '') return 'value is empty';
  if (!/^\d+$/.test(text)) return 'invalid syntax';
  const port = Number(text);
  return port <= 65_535 ? port : 'value out of range';
}

const isRange = (parsed: PortRange | string): parsed is PortRange => typeof parsed !== 'string';

function exposedPorts({ config, hostConfig }: ContainerRecord): PortRange[] {
  return [...config.exposedPorts, ...Object.keys(hostConfig.portBindings)].map(parsePortRange).filter(isRange);
}

function publishedPorts({ hostConfig }: ContainerRecord): PortRange[] {
  return Object.entries(hostConfig.portBindings).flatMap(([port, bindings]) => {
    const protocol = port.split('/')[1] ?? 'tcp';
    return bindings.map(({ hostPort }) => parsePortRange(`${hostPort}/${protocol}`)).filter(isRange);
  });
}
