// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { invalidParameter } from '#core/errors.ts';
import type { HostConfig } from '#model/container.ts';
import type { PortBinding, PortMap } from '#wire/types.gen.ts';

const PORT = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i;
const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;
const MAX_PORT = 65_535;

const invalidPort = (text: string) => invalidParameter(`invalid port specification: ${JSON.stringify(text)}`);

/** `80/tcp` for `80`; throws for what is no container port. */
export function parsePort(text: string): string {
  const [, number = '', protocol = 'tcp'] = PORT.exec(text) ?? [];
  if (Number(number) < 1 || Number(number) > MAX_PORT) throw invalidPort(text);
  return `${Number(number)}/${protocol.toLowerCase()}`;
}

export const toExposedPorts = (wire: Record<string, unknown> | undefined): string[] =>
  Object.keys(wire ?? {}).map(parsePort);

/** Docker's `PortBindings`. A port without bindings gets one that leaves the choice to the engine, as in Docker. */
export function toPortBindings(wire: PortMap | undefined): HostConfig['portBindings'] {
  const entries = Object.entries(wire ?? {}).map(([port, bindings]) => {
    const given = bindings ?? [];
    return [parsePort(port), (given.length > 0 ? given : [{}]).map(toBinding)] as const;
  });
  return Object.fromEntries(entries);
}

function toBinding({ HostIp = '', HostPort = '' }: PortBinding): { hostIp: string; hostPort: string } {
  if (HostIp !== '' && isIP(HostIp) === 0) {
    throw invalidParameter(`invalid JSON: ParseAddr(${JSON.stringify(HostIp)}): unable to parse IP`);
  }
  if (HostPort !== '') {
    const [, first = '', last = first] = RANGE.exec(HostPort) ?? [];
    if (first === '' || Number(last) > MAX_PORT || Number(first) > Number(last)) throw invalidPort(HostPort);
  }
  return { hostIp: HostIp, hostPort: HostPort };
}

export const fromPortBindings = (bindings: HostConfig['portBindings']): PortMap =>
  Object.fromEntries(
    Object.entries(bindings).map(([port, list]) => [
      port,
      list.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort })),
    ]),
  );
