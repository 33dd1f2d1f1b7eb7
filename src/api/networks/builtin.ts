// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { notFound } from '#core/errors.ts';
import type { Filters } from '#model/event.ts';
import type { Network } from '#wire/types.gen.ts';

/** The networks that every engine has without making them. */
export type BuiltinNetwork = 'none' | 'host';

const DRIVERS: Readonly<Record<BuiltinNetwork, string>> = { none: 'null', host: 'host' };
const NAMES: readonly BuiltinNetwork[] = ['host', 'none'];

/** The same for every engine and at every start: these networks are never made anew. */
const IDS: Readonly<Record<BuiltinNetwork, string>> = { none: idFor('none'), host: idFor('host') };

function idFor(name: string): string {
  return createHash('sha256').update(`hoy network ${name}`).digest('hex');
}

export const networkIdOf = (name: BuiltinNetwork): string => IDS[name];

/** `createdAt`: when the engine began to offer them, which is its start. */
function describe(name: BuiltinNetwork, createdAt: Date): Network {
  return {
    Name: name,
    Id: IDS[name],
    Created: createdAt.toISOString(),
    Scope: 'local',
    Driver: DRIVERS[name],
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: [] } as unknown as NonNullable<Network['IPAM']>,
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: {},
    Labels: {},
  };
}

export const listNetworks = (filters: Filters, createdAt: Date): Network[] =>
  NAMES.filter((name) => passes(name, filters)).map((name) => describe(name, createdAt));

/** By name, ID or the beginning of an ID. */
export function findNetwork(ref: string, createdAt: Date): Network {
  const name =
    NAMES.find((candidate) => candidate === ref) ?? NAMES.find((candidate) => IDS[candidate].startsWith(ref));
  if (!name) throw notFound(`network ${ref} not found`);
  return describe(name, createdAt);
}

function passes(name: BuiltinNetwork, filters: Filters): boolean {
  const checks: Record<string, (value: string) => boolean> = {
    name: (value) => name.includes(value),
    id: (value) => IDS[name].includes(value),
    driver: (value) => DRIVERS[name] === value,
    type: (value) => value === 'builtin',
    scope: (value) => value === 'local',
    label: () => false,
    dangling: (value) => value === 'false' || value === '0',
    attachable: (value) => value === 'false' || value === '0',
  };
  return [...filters].every(
    ([filter, values]) => values.length === 0 || values.some((value) => checks[filter]?.(value)),
  );
}
