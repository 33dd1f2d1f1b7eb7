// SPDX-License-Identifier: Apache-2.0
import { zoneAt } from '#cli/format/timezone.ts';

const two = (value: number): string => String(value).padStart(2, '0');

interface LocalTime {
  date: string;
  clock: string;
  /** `+0200`. */
  offset: string;
  zone: string;
}

function localTime(seconds: number): LocalTime {
  const { offsetSeconds, abbreviation } = zoneAt(seconds);
  const local = new Date((seconds + offsetSeconds) * 1000);
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60);
  return {
    date: `${String(local.getUTCFullYear()).padStart(4, '0')}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`,
    clock: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`,
    offset: `${offsetSeconds < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}${two(minutes % 60)}`,
    zone: abbreviation,
  };
}

/** A moment in local time as Go prints it: `2026-11-23 06:00:00 +0000 UTC`. */
export function formatGoTime(seconds: number): string {
  const { date, clock, offset, zone } = localTime(seconds);
  return `${date} ${clock} ${offset} ${zone}`;
}

/** A moment in local time by RFC 3339: `2026-11-23T06:00:00Z`. */
export function formatRfc3339(seconds: number): string {
  const { date, clock, offset } = localTime(seconds);
  return `${date}T${clock}${rfcOffset(offset)}`;
}

/** The same with all nine digits of the nanoseconds. */
export function formatRfc3339Nano(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / 1_000_000_000n);
  const { date, clock, offset } = localTime(seconds);
  return `${date}T${clock}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${rfcOffset(offset)}`;
}

const rfcOffset = (offset: string): string => (offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`);

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** An RFC 3339 moment as `Mon Jan  2 15:04:05 2006`, in the zone it was written in; other texts are left alone. */
export function formatAnsiTime(text: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return text;
  const [, year, month, day, clock] = match;
  const weekday = DAYS[new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDay()];
  return `${weekday} ${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)} ${clock} ${year}`;
}
