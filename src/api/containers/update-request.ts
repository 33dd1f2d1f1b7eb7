// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Resources } from '#model/container.ts';
import type { Resources as WireResources } from '#wire/types.gen.ts';
import type { Mapping } from './mapping.ts';
import { checkResources, toResources } from './resources.ts';

/** Fields in which 0 or `''` leaves the container as it is. */
const SIMPLE = [
  'cpuShares',
  'memoryBytes',
  'memoryReservationBytes',
  'memorySwapBytes',
  'nanoCpus',
  'cpuPeriodUs',
  'cpuQuotaUs',
  'cpuRealtimePeriodUs',
  'cpuRealtimeRuntimeUs',
  'cpusetCpus',
  'cpusetMems',
  'blkioWeight',
] as const satisfies readonly (keyof Resources)[];

/** Lists that are left alone when absent and cleared when empty (API 1.55). */
const LISTS = [
  ['BlkioWeightDevice', 'blkioWeightDevice'],
  ['BlkioDeviceReadBps', 'blkioDeviceReadBps'],
  ['BlkioDeviceWriteBps', 'blkioDeviceWriteBps'],
  ['BlkioDeviceReadIOps', 'blkioDeviceReadIops'],
  ['BlkioDeviceWriteIOps', 'blkioDeviceWriteIops'],
] as const satisfies readonly (readonly [keyof WireResources, keyof Resources])[];

/** What can't be changed once a container was made, although the specification's type has it. */
const FIXED = ['Devices', 'DeviceCgroupRules', 'DeviceRequests', 'Ulimits'] as const;

/** The limits that an update changes. */
export function toResourceChange(wire: WireResources, mapping: Mapping): Partial<Resources> {
  for (const field of FIXED) {
    if (wire[field]?.length) throw invalidParameter(`${field} can not be updated: recreate the container`);
  }
  const all = toResources(wire, mapping);
  checkResources(all, true);
  const simple = SIMPLE.filter((field) => all[field] !== 0 && all[field] !== '');
  const lists = mapping.version.since('1.55') ? LISTS.filter(([name]) => wire[name] !== undefined) : [];
  return {
    ...Object.fromEntries([...simple, ...lists.map(([, field]) => field)].map((field) => [field, all[field]])),
    ...pidsChange(wire.PidsLimit, mapping),
  };
}

/** Both 0 and negative numbers take the limit away. */
function pidsChange(limit: number | null | undefined, { version }: Mapping): { pidsLimit?: number } {
  if (limit === undefined || limit === null || version.before('1.40')) return {};
  return { pidsLimit: limit > 0 ? limit : -1 };
}
