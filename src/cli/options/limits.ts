// SPDX-License-Identifier: Apache-2.0
import { parseMemory } from '#cli/format/units.ts';
import { cut } from '#cli/options/csv.ts';

/** `--memory-swap`: an amount, or -1 for no limit. */
export const parseSwap = (text: string): number => (text === '-1' ? -1 : parseMemory(text));

const NANO = 1_000_000_000;

/** `--cpus 1.5` in billionths of a CPU. */
export function parseCpus(text: string): number {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!match || (!match[2] && !match[3])) throw new Error(`failed to parse ${text} as a rational number`);
  const [, sign, whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 9) throw new Error('value is too precise');
  const value = Number(whole || 0) * NANO + Number(digits.padEnd(9, '0'));
  return sign === '-' ? -value : value;
}

export interface UlimitJson {
  Name: string;
  Soft: number;
  Hard: number;
}

const ULIMITS = new Set([
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]);

/** `--ulimit nofile=1024:2048`. */
export function parseUlimit(text: string): UlimitJson {
  const [name, value] = cut(text, '=');
  if (value === undefined) throw new Error(`invalid ulimit argument: ${text}`);
  if (!ULIMITS.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const limits = value.split(':');
  if (limits.length > 2)
    throw new Error(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``);
  const [soft = 0, hard = soft] = limits.map(parseLimit);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    const shown = soft === -1 ? 'soft: -1 (unlimited)' : `${soft}`;
    throw new Error(
      soft === -1
        ? `ulimit soft limit must be less than or equal to hard limit: ${shown}, hard: ${hard}`
        : `ulimit soft limit must be less than or equal to hard limit: ${shown} > ${hard}`,
    );
  }
  return { Name: name, Soft: soft, Hard: hard };
}

function parseLimit(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const SYSCTLS = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);

/** `--sysctl net.ipv4.ip_forward=1`: those that belong to a container's namespaces. */
export function checkSysctl(text: string): string {
  const [name, value] = cut(text, '=');
  const isAllowed = SYSCTLS.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.');
  if (value === undefined || !isAllowed) throw new Error(`sysctl '${text}' is not allowed`);
  return text;
}

export interface RestartPolicyJson {
  Name: string;
  MaximumRetryCount: number;
}

/** `--restart on-failure:3`. */
export function parseRestartPolicy(text: string): RestartPolicyJson {
  const [name, count] = cut(text, ':');
  if (count !== undefined && name === '') {
    throw new Error('invalid restart policy format: no policy provided before colon');
  }
  if (count && !/^[+-]?\d+$/.test(count)) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer');
  }
  return { Name: name, MaximumRetryCount: Number(count || 0) };
}

/** `--filter NAME=VALUE`. */
export function parseFilter(text: string): [name: string, value: string] | undefined {
  if (text === '') return undefined;
  const [name, value] = cut(text, '=');
  if (value === undefined) throw new Error('bad format of filter (expected name=value)');
  return [name.trim().toLowerCase(), value.trim()];
}
