// SPDX-License-Identifier: Apache-2.0
import { type Flag, list } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { parseFilter } from '#cli/options/limits.ts';

export function filterFlag(usage = 'Filter output based on conditions provided', names = 'f, filter'): Flag {
  return list(names, usage, parseFilter, { label: 'filter' });
}

/** All `--filter` of a command line, by name. */
export function readFilters(flags: FlagValues): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const filter of flags.list<[string, string] | undefined>('filter')) if (filter) addFilter(filters, ...filter);
  return filters;
}

export function addFilter(filters: Map<string, string[]>, name: string, value: string): void {
  filters.set(name, [...(filters.get(name) ?? []), value]);
}

/** The same with the filters that the configuration file has for every prune; the command line wins where they contradict. */
export function withPruneFilters(filters: Map<string, string[]>, configured: readonly string[]): Map<string, string[]> {
  const opposite: Record<string, string> = { label: 'label!', 'label!': 'label' };
  for (const text of configured) {
    const equals = text.indexOf('=');
    if (equals < 0) continue;
    const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
    if (!filters.get(opposite[name] ?? '')?.includes(value)) addFilter(filters, name, value);
  }
  return filters;
}
