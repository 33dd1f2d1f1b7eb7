// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { HealthCheck } from '#model/container.ts';
import type { HealthConfig } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';

const NANOSECONDS_PER_MILLISECOND = 1e6;
const KINDS = ['NONE', 'CMD', 'CMD-SHELL'];

export function toHealthCheck(wire: HealthConfig | undefined, { version }: Mapping): HealthCheck | undefined {
  if (!wire) return undefined;
  const [kind = ''] = wire.Test ?? [];
  if (kind !== '' && !KINDS.includes(kind)) {
    throw invalidParameter(`unknown health check type ${JSON.stringify(kind)}: use ${KINDS.join(', ')}`);
  }
  const retries = wire.Retries ?? 0;
  if (retries < 0) throw invalidParameter('Retries in Healthcheck cannot be negative');
  return {
    test: wire.Test ?? [],
    ...duration('intervalMs', 'Interval', wire.Interval),
    ...duration('timeoutMs', 'Timeout', wire.Timeout),
    ...duration('startPeriodMs', 'StartPeriod', wire.StartPeriod),
    ...(version.since('1.44') && duration('startIntervalMs', 'StartInterval', wire.StartInterval)),
    ...(retries > 0 && { retries }),
  };
}

/** Nothing for 0, which stands for Docker's default. */
function duration<Key extends string>(key: Key, field: string, nanoseconds = 0): { [K in Key]?: number } {
  if (nanoseconds === 0) return {};
  if (nanoseconds < NANOSECONDS_PER_MILLISECOND) {
    throw invalidParameter(`${field} in Healthcheck cannot be less than 1ms`);
  }
  return { [key]: nanoseconds / NANOSECONDS_PER_MILLISECOND } as { [K in Key]?: number };
}

export function fromHealthCheck(check: HealthCheck): HealthConfig {
  const nanoseconds = (milliseconds = 0) => Math.round(milliseconds * NANOSECONDS_PER_MILLISECOND);
  return {
    ...(check.test.length > 0 && { Test: check.test }),
    ...(check.intervalMs && { Interval: nanoseconds(check.intervalMs) }),
    ...(check.timeoutMs && { Timeout: nanoseconds(check.timeoutMs) }),
    ...(check.startPeriodMs && { StartPeriod: nanoseconds(check.startPeriodMs) }),
    ...(check.startIntervalMs && { StartInterval: nanoseconds(check.startIntervalMs) }),
    ...(check.retries && { Retries: check.retries }),
  };
}
