// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Filters } from '#model/event.ts';
import type { Query } from './query.ts';

/** The names that each kind of listing takes; a filter that is not known would silently match everything. */
export const FILTER_NAMES = {
  containers: [
    'ancestor',
    'before',
    'exited',
    'expose',
    'health',
    'id',
    'is-task',
    'isolation',
    'label',
    'name',
    'network',
    'publish',
    'since',
    'status',
    'volume',
  ],
  containersPrune: ['label', 'label!', 'until'],
  images: ['before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'],
  imagesPrune: ['dangling', 'label', 'label!', 'until'],
  networks: ['attachable', 'dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'],
  networksPrune: ['label', 'label!', 'until'],
  volumes: ['dangling', 'driver', 'label', 'name'],
  volumesPrune: ['all', 'label', 'label!'],
  plugins: ['capability', 'enabled'],
} as const;

/** The `filters` parameter: `{"name": ["a"]}` or, from newer clients, `{"name": {"a": true}}`. */
export function readFilters(query: Query, accepted?: readonly string[]): Filters {
  const filters = parseFilters(query.text('filters'));
  for (const name of filters.keys()) {
    if (accepted && !accepted.includes(name)) throw invalidParameter(`invalid filter '${name}'`);
  }
  return filters;
}

export function parseFilters(text: string): Map<string, readonly string[]> {
  if (text === '') return new Map();
  const value = parse(text);
  if (value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidParameter('invalid filter');
  return new Map(Object.entries(value).map(([name, values]) => [name, valuesOf(values)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidParameter('invalid filter', { cause: error });
  }
}

function valuesOf(values: unknown): string[] {
  if (values === null) return [];
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return [...new Set(values)];
  if (typeof values === 'object' && Object.values(values).every((value) => typeof value === 'boolean')) {
    return Object.keys(values);
  }
  throw invalidParameter('invalid filter');
}
