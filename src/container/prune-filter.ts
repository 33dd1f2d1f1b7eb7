// SPDX-License-Identifier: Apache-2.0
import { checkFilterNames, matchesLabels, valuesOf } from '#container/filter-values.ts';
import { invalidParameter } from '#core/errors.ts';
import type { ContainerRecord } from '#model/container.ts';
import type { Filters } from '#model/event.ts';

const ACCEPTED = new Set(['label', 'label!', 'until']);

/** What `container prune` may remove of the containers that don't run. Throws for filters that it doesn't know. */
export function compilePruneFilter(filters: Filters, now = new Date()): (record: ContainerRecord) => boolean {
  checkFilterNames(filters, ACCEPTED);
  const [untilText, ...more] = valuesOf(filters, 'until');
  if (more.length > 0) throw invalidParameter('more than one until filter specified');
  const until = untilText === undefined ? undefined : parseMoment(untilText, now);
  return ({ createdAt, config }) => {
    if (until && createdAt > until) return false;
    if (!matchesLabels(filters, 'label', config.labels)) return false;
    return valuesOf(filters, 'label!').length === 0 || !matchesLabels(filters, 'label!', config.labels);
  };
}

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };
const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?)?(?:Z|[+-]\d\d:\d\d)?$/;

/** A moment as Docker's command line takes it: `10m` before now, seconds since 1970, or a date with or without time and zone. */
export function parseMoment(text: string, now: Date): Date {
  const millis = DURATION.test(text) ? now.getTime() - parseDurationMs(text) : parseAbsolute(text);
  if (Number.isNaN(new Date(millis).getTime())) {
    throw invalidParameter(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  return new Date(millis);
}

function parseDurationMs(text: string): number {
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(DURATION_PART)) total += Number(amount) * (UNIT_MS[unit] ?? 0);
  return text.startsWith('-') ? -total : total;
}

function parseAbsolute(text: string): number {
  if (/^-?\d+(?:\.\d*)?$/.test(text)) return Number(text) * 1000;
  const match = MOMENT.exec(text);
  if (!match) return Number.NaN;
  const [, date = '', clock = '', zone = ''] = /^(.{10})(?:T([\d:.]*))?(.*)$/.exec(text) ?? [];
  return Date.parse(`${date}T${clock + '00:00:00'.slice(clock.length)}${zone}`);
}
