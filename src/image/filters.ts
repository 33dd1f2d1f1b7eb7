// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import type { ImageContext } from '#image/deps.ts';
import type { StoredImage } from '#image/image-rows.ts';
import { parseDurationMs } from '#image/instruction-words.ts';
import { resolve } from '#image/resolver.ts';
import type { Filters } from '#model/event.ts';
import { familiarName, familiarReference, formatReference, type Reference, repositoryOf } from '#oci/reference.ts';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export function checkFilterNames(filters: Filters, accepted: readonly string[]): void {
  for (const name of filters.keys()) if (!accepted.includes(name)) throw invalidParameter(`invalid filter '${name}'`);
}

/** `undefined` if the filter isn't there. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (values === undefined || values.length === 0) return undefined;
  const [value = ''] = values;
  if (values.length === 1 && TRUE.has(value)) return true;
  if (values.length === 1 && FALSE.has(value)) return false;
  throw invalidParameter(`invalid filter '${name}=${JSON.stringify(values)}'`);
}

/** The moment an `until` value names: a duration before now, seconds since 1970, or a date. */
export function parseUntil(text: string, now: Date): Date {
  const seconds = /^(\d{1,12})(\.\d+)?$/.exec(text);
  if (seconds !== null) return new Date(Number(text) * 1000);
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : undefined;
  if (date !== undefined && !Number.isNaN(date.getTime())) return date;
  try {
    return new Date(now.getTime() - parseDurationMs(text));
  } catch {
    throw invalidParameter(
      `invalid value for 'until' filter: failed to parse value as time or duration: ${JSON.stringify(text.slice(0, 100))}`,
    );
  }
}

/** `key` or `key=value`; every one of the filter's values has to match. */
export const matchesLabels = (values: readonly string[], labels: Record<string, string>): boolean =>
  values.every((wanted) => {
    const equals = wanted.indexOf('=');
    const value = labels[equals < 0 ? wanted : wanted.slice(0, equals)];
    return equals < 0 ? value !== undefined : value === wanted.slice(equals + 1);
  });

/** `label` has to match, and `label!` must not. */
export function matchesLabelFilters(filters: Filters, labels: Record<string, string>): boolean {
  if (!matchesLabels(filters.get('label') ?? [], labels)) return false;
  const unwanted = filters.get('label!');
  return unwanted === undefined || !matchesLabels(unwanted, labels);
}

/** Images made before or after others, as `before`, `since` and `until` say. */
export function timeFilter(context: ImageContext, filters: Filters): (image: StoredImage) => boolean {
  const createdMs = (ref: string): number => resolve(context, ref).image.config.created?.getTime() ?? 0;
  const before = [
    ...(filters.get('before') ?? []).map(createdMs),
    ...(filters.get('until') ?? []).map((text) => parseUntil(text, context.clock.now()).getTime()),
  ];
  const since = (filters.get('since') ?? []).map(createdMs);
  return ({ config }) => {
    const ms = config.created?.getTime();
    if (before.length > 0 && (ms === undefined || ms >= Math.min(...before))) return false;
    return since.length === 0 || (ms !== undefined && ms > Math.max(...since));
  };
}

const UNFINISHED_PATTERN = /\\$|\[[^\]]*$/;

/** A pattern that can't be one would silently match nothing. */
export function checkPatterns(patterns: readonly string[]): void {
  if (patterns.some((pattern) => UNFINISHED_PATTERN.test(pattern))) throw invalidParameter('syntax error in pattern');
}

/** Whether one of the patterns fits one of the reference's spellings. */
export function matchesReference(patterns: readonly string[], reference: Reference): boolean {
  const spellings = [
    familiarReference(reference),
    familiarName(reference),
    formatReference(reference),
    repositoryOf(reference),
  ];
  return patterns.some((pattern) => spellings.some((spelling) => posix.matchesGlob(spelling, pattern)));
}
