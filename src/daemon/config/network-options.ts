// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { type AddressPool, keyOf, OPTIONS, type OptionValue } from '#daemon/config/options.ts';
import type { Reader } from '#daemon/config/reader.ts';

type Family = 4 | 6 | 'any';

const WITH_PREFIX: Record<string, Family> = { bip: 4, bip6: 6, 'fixed-cidr': 4, 'fixed-cidr-v6': 6 };
const ADDRESSES: Record<string, Family> = { 'default-gateway': 4, 'default-gateway-v6': 6, ip: 'any' };
const FIREWALLS = ['', 'iptables', 'nftables'] as const;

/**
 * The options of bridge networks that were given, by key. They are checked although there are no such networks: whoever
 * mistypes one hears of it now. Throws with dockerd's words for those that contradict each other.
 */
export function networkOptions(read: Reader): Record<string, OptionValue> {
  refuseContradictions(read);
  for (const [key, family] of Object.entries(WITH_PREFIX)) {
    if (read.text(key, '') !== '') checkPrefix(key, read.text(key, ''), family);
  }
  for (const [key, family] of Object.entries(ADDRESSES)) {
    const text = read.text(key, '');
    if (text !== '' && !isOfFamily(text, family))
      throw new Error(`invalid ${key}: "${text}" is not an ${name(family)}`);
  }
  read.integer('mtu', 0, 0);
  read.oneOf('firewall-backend', FIREWALLS, '', 'firewall-backend');
  for (const pool of (read.value('default-address-pools') as AddressPool[] | undefined) ?? []) checkPool(pool);
  const given = OPTIONS.filter((option) => option.network && read.has(keyOf(option)));
  return Object.fromEntries(given.flatMap((option) => [[keyOf(option), read.value(keyOf(option)) ?? '']]));
}

function refuseContradictions(read: Reader): void {
  for (const address of ['bip', 'bip6']) {
    if (read.text('bridge', '') === '' || read.text(address, '') === '') continue;
    throw new Error(`You specified -b & --${address}, mutually exclusive options. Please specify only one`);
  }
  if (!read.isFalse('icc')) return;
  for (const tables of ['iptables', 'ip6tables']) {
    if (!read.isFalse(tables) || (tables === 'ip6tables' && !read.flag('ipv6', false))) continue;
    throw new Error(
      `You specified --${tables}=false with --icc=false. ICC=false uses ${tables} to function. Please set --icc or --${tables} to true`,
    );
  }
}

const name = (family: Family): string => (family === 'any' ? 'IP address' : `IPv${family} address`);

const isOfFamily = (text: string, family: Family): boolean =>
  family === 'any' ? isIP(text) !== 0 : isIP(text) === family;

/** Returns the length of the prefix and what the longest would be. */
function checkPrefix(key: string, text: string, family: Family): { length: number; longest: number } {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const longest = isIP(address) === 4 ? 32 : 128;
  if (!isOfFamily(address, family) || digits === '' || Number(digits) > longest) {
    throw new Error(
      `invalid ${key}: "${text}" is not an ${name(family)} with the length of its prefix, such as 10.0.0.1/24`,
    );
  }
  return { length: Number(digits), longest };
}

function checkPool({ base, size }: AddressPool): void {
  const { length, longest } = checkPrefix('default-address-pools', base, 'any');
  if (size >= length && size <= longest) return;
  throw new Error(`invalid address pool: ${base} can't be cut into networks with a prefix of ${size}`);
}
