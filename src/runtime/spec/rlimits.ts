// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Ulimit } from '#model/container.ts';
import type { OciRlimit, RawNumber } from '#runtime/spec/oci.ts';
import { rawNumber } from '#runtime/spec/raw-json.ts';
import type { HostFacts } from '#runtime/types.ts';

export const ULIMIT_NAMES: ReadonlySet<string> = new Set([
  ...['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice'],
  ...['nofile', 'nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack'],
]);

const UNLIMITED = Number.POSITIVE_INFINITY;

/** The caller's limits, the daemon's for names the caller left out, none above what this host can give. */
export function containerRlimits(
  requested: readonly Ulimit[],
  defaults: readonly Ulimit[],
  host: Pick<HostFacts, 'rlimits'>,
): OciRlimit[] {
  const byName = new Map([...defaults, ...requested].map((limit) => [limit.name, limit]));
  return [...byName.values()].map((limit) => {
    const { soft, hard } = withinHost(limit, host);
    return { type: `RLIMIT_${limit.name.toUpperCase()}`, soft: uint64(soft), hard: uint64(hard) };
  });
}

/** Refuses limits that no kernel knows or takes. */
export function checkUlimits(limits: readonly Ulimit[]): void {
  for (const { name, soft, hard } of limits) {
    if (!ULIMIT_NAMES.has(name)) throw invalidParameter(`invalid ulimit type: ${name}`);
    if (hard >= 0 && (soft < 0 || soft > hard)) {
      throw invalidParameter(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    }
  }
}

/** Those limits that ask for more than the host can give; without CAP_SYS_RESOURCE no hard limit can be raised. */
export function limitsAboveHost(limits: readonly Ulimit[], host: Pick<HostFacts, 'rlimits'>): Ulimit[] {
  return limits.filter((limit) => withinHost(limit, host).hard < unsigned(limit.hard));
}

function withinHost(
  { name, soft, hard }: Ulimit,
  { rlimits }: Pick<HostFacts, 'rlimits'>,
): { soft: number; hard: number } {
  const ceiling = rlimits?.get(name)?.hard ?? UNLIMITED;
  const allowed = Math.min(unsigned(hard), ceiling);
  return { soft: Math.min(unsigned(soft), allowed), hard: allowed };
}

/** -1 stands for no limit. */
const unsigned = (value: number): number => (value < 0 ? UNLIMITED : value);

const uint64 = (value: number): number | RawNumber => (value === UNLIMITED ? rawNumber('18446744073709551615') : value);
