// SPDX-License-Identifier: Apache-2.0
import { between, type Command, printLine } from '#cli/command.ts';
import { compareNaturally } from '#cli/format/natural-order.ts';

type Binding = { HostIp: string; HostPort: string };

export const port: Command = {
  operandUsage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  operands: between(1, 2),
  flags: [],
  async run(context) {
    const [ref = '', wanted] = context.operands;
    const { NetworkSettings } = await context.engine.containers.inspect(ref);
    const ports = NetworkSettings?.Ports ?? {};
    const lines = wanted ? describePort(ports, wanted, ref) : describeAll(ports);
    for (const line of lines.sort(compareNaturally)) printLine(context, line);
    return 0;
  },
};

type Ports = Record<string, Binding[] | null | undefined>;

function describePort(ports: Ports, wanted: string, ref: string): string[] {
  const [number = '', protocol] = wanted.split('/');
  if (!/^\d+$/.test(number) || Number(number) > 65535) {
    throw new Error(`Error: invalid port (${number}): strconv.ParseUint: parsing "${number}": invalid syntax`);
  }
  const bindings = ports[`${number}/${protocol || 'tcp'}`] ?? [];
  if (bindings.length === 0) throw new Error(`Error: No public port '${wanted}' published for ${ref}`);
  return bindings.map(address);
}

function describeAll(ports: Ports): string[] {
  return Object.entries(ports).flatMap(([from, bindings]) =>
    (bindings ?? []).map((binding) => `${from} -> ${address(binding)}`),
  );
}

const address = ({ HostIp, HostPort }: Binding): string =>
  HostIp.includes(':') ? `[${HostIp}]:${HostPort}` : `${HostIp}:${HostPort}`;
