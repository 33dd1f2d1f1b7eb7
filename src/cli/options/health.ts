// SPDX-License-Identifier: Apache-2.0
import type { FlagValues } from '#cli/flags/flag-values.ts';

export interface HealthJson {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** The health check of the flags; `undefined` leaves the image's. */
export function readHealthFlags(flags: FlagValues): HealthJson | undefined {
  const time = (name: string): number => {
    const nanoseconds = Number(flags.value<bigint>(name) ?? 0n);
    if (nanoseconds < 0) throw new Error(`--${name} cannot be negative`);
    return nanoseconds;
  };
  const command = flags.string('health-cmd');
  const retries = flags.number('health-retries');
  const times = {
    Interval: time('health-interval'),
    Timeout: time('health-timeout'),
    StartPeriod: time('health-start-period'),
    StartInterval: time('health-start-interval'),
  };
  if (retries < 0) throw new Error('--health-retries cannot be negative');
  const hasSettings = command !== '' || retries !== 0 || Object.values(times).some((value) => value !== 0);
  if (flags.bool('no-healthcheck')) {
    if (hasSettings) throw new Error('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!hasSettings) return undefined;
  const given = Object.fromEntries(Object.entries({ ...times, Retries: retries }).filter(([, value]) => value !== 0));
  return { ...(command && { Test: ['CMD-SHELL', command] }), ...given };
}
