// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Filters } from '#model/event.ts';

/** The values of one filter; none when it is not given. */
export const valuesOf = (filters: Filters, name: string): readonly string[] => filters.get(name) ?? [];

/** Throws when a filter is given that is not among `accepted`. */
export function checkFilterNames(filters: Filters, accepted: ReadonlySet<string>): void {
  for (const name of filters.keys()) {
    if (!accepted.has(name)) throw invalidParameter(`invalid filter '${name}'`);
  }
}

/** Whether every `key` or `key=value` of the filter is among the labels; true when the filter is not given. */
export function matchesLabels(filters: Filters, name: string, labels: Readonly<Record<string, string>>): boolean {
  return valuesOf(filters, name).every((wanted) => {
    const equals = wanted.indexOf('=');
    const key = equals < 0 ? wanted : wanted.slice(0, equals);
    return Object.hasOwn(labels, key) && (equals < 0 || labels[key] === wanted.slice(equals + 1));
  });
}

/** A filter that is a statement: `true`, `1`, `false` or `0`; `undefined` when it is not given. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (values === undefined) return undefined;
  const isTrue = values.some((value) => value === '1' || value === 'true');
  const isFalse = values.some((value) => value === '0' || value === 'false');
  if (isTrue === isFalse) throw invalidParameter(`invalid filter '${name}=[${values.join(' ')}]'`);
  return isTrue;
}
