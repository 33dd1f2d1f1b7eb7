// SPDX-License-Identifier: Apache-2.0
import type { FilterMap } from '#client/types.ts';

/** The `filters` parameter: `{"label":{"a=b":true}}`, the form that every API version reads. `undefined` when there are none. */
export function encodeFilters(filters: FilterMap | undefined): string | undefined {
  if (!filters || filters.size === 0) return undefined;
  const encoded: Record<string, Record<string, boolean>> = {};
  for (const [name, values] of filters) encoded[name] = Object.fromEntries(values.map((value) => [value, true]));
  return JSON.stringify(encoded);
}
