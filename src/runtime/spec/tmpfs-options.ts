// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

/** Options that contradict each other share a group: the last one given stays. */
const FLAG_GROUPS: readonly (readonly string[])[] = [
  ['ro', 'rw'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['exec', 'noexec'],
  ['sync', 'async'],
  ['dirsync'],
  ['remount'],
  ['mand', 'nomand'],
  ['atime', 'noatime'],
  ['diratime', 'nodiratime'],
  ['relatime', 'norelatime'],
  ['strictatime', 'nostrictatime'],
  [
    ...['bind', 'rbind', 'unbindable', 'runbindable'],
    ...['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'],
  ],
];

const GROUP_OF = new Map(FLAG_GROUPS.flatMap((group, index) => group.map((flag) => [flag, `flag ${index}`] as const)));

const VALUES = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/** Options of a tmpfs without duplicates and contradictions, in the order given; unknown ones are refused. */
export function mergeTmpfsOptions(options: readonly string[]): string[] {
  const seen = new Set<string>();
  const merged: string[] = [];
  for (const option of options.toReversed()) {
    if (option === 'defaults') continue;
    const key = GROUP_OF.get(option) ?? valueKey(option);
    if (seen.has(key)) continue;
    seen.add(key);
    merged.unshift(option);
  }
  return merged;
}

function valueKey(option: string): string {
  const [name = ''] = option.split('=', 1);
  if (!option.includes('=') || !VALUES.has(name)) {
    throw invalidParameter(`invalid tmpfs option ${JSON.stringify(name)}`);
  }
  return name;
}
