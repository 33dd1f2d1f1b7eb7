// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { Values } from '#daemon/config/flags.ts';
import {
  type AddressPool,
  keyOf,
  OPTIONS_BY_KEY,
  type Option,
  type OptionValue,
  type RuntimeTable,
  type UlimitTable,
} from '#daemon/config/options.ts';
import { checkUlimit } from '#daemon/config/parse-value.ts';

/** Keys of daemon.json that name the same thing as a newer key. */
const RENAMED: Record<string, string> = { 'host-gateway-ip': 'host-gateway-ips' };

/** Keys that may also be given as flags; the two are joined. */
const MERGED = new Set(['runtimes']);

/**
 * Reads daemon.json and checks that it holds nothing unknown, nothing of a wrong type, and nothing that is also given as
 * a flag. A missing file is empty unless it was asked for by name. Throws with dockerd's words.
 */
export function readConfigFile(path: string, flags: Values, options: { mustExist: boolean }): Values {
  try {
    const text = readText(path, options.mustExist);
    if (text === undefined || text.trim() === '') return new Map();
    const document = parseObject(text);
    refuseUnknown(document);
    refuseConflicts(document, flags);
    return new Map(Object.entries(document).map(([key, value]) => [renamed(key), checkValue(key, value)]));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`unable to configure the Hoy daemon with file ${path}: ${reason}`, { cause: error });
  }
}

function readText(path: string, mustExist: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && !mustExist) return undefined;
    if (code === 'ENOENT') throw new Error(`open ${path}: no such file or directory`);
    if (code === 'EACCES') throw new Error(`open ${path}: permission denied`);
    throw error;
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`invalid JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new Error('invalid JSON: the configuration must be an object');
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const renamed = (key: string): string => (Object.hasOwn(RENAMED, key) ? (RENAMED[key] ?? key) : key);

function refuseUnknown(document: Record<string, unknown>): void {
  const unknown = Object.keys(document).filter((key) => !OPTIONS_BY_KEY.has(renamed(key)));
  if (unknown.length === 0) return;
  throw new Error(`the following directives don't match any configuration option: ${unknown.join(', ')}`);
}

function refuseConflicts(document: Record<string, unknown>, flags: Values): void {
  const twice = Object.keys(document).filter((key) => renamed(key) !== key && Object.hasOwn(document, renamed(key)));
  for (const key of twice) {
    throw new Error(`${key} and ${renamed(key)} must not both be specified in the config file`);
  }
  const conflicts = Object.entries(document)
    .filter(([key]) => flags.has(renamed(key)) && !MERGED.has(renamed(key)))
    .map(([key, value]) => `${key}: (from flag: ${shown(flags.get(renamed(key)))}, from file: ${shown(value)})`);
  if (conflicts.length === 0) return;
  throw new Error(
    `the following directives are specified both as a flag and in the configuration file: ${conflicts.join(', ')}`,
  );
}

/** A value in an error message, as Go prints it; passwords in proxy addresses are left out. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`;
  if (isObject(value))
    return `map[${Object.entries(value)
      .map(([name, item]) => `${name}:${shown(item)}`)
      .join(' ')}]`;
  return String(value).replace(/\/\/[^/@]*@/, '//xxxxx:xxxxx@');
}

function checkValue(key: string, value: unknown): OptionValue {
  const option = OPTIONS_BY_KEY.get(renamed(key));
  if (!option) throw new Error(`the following directives don't match any configuration option: ${key}`);
  if (key !== renamed(key) && typeof value === 'string') return [value];
  const read = READERS[option.kind];
  const result = read(value);
  if (result === undefined) throw new Error(`invalid value for "${keyOf(option)}": expected ${EXPECTED[option.kind]}`);
  return result;
}

const EXPECTED: Record<Option['kind'], string> = {
  string: 'a string',
  bool: 'true or false',
  int: 'an integer',
  list: 'a list of strings',
  pairs: 'an object of strings',
  switches: 'an object of true and false',
  runtimes: 'an object such as {"name": {"path": "/usr/bin/crun", "runtimeArgs": []}}',
  ulimits: 'an object such as {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}',
  pools: 'a list such as [{"base": "10.10.0.0/16", "size": 24}]',
};

const isText = (value: unknown): value is string => typeof value === 'string';

/** The value if it has the right shape, else `undefined`. */
const READERS: Record<Option['kind'], (value: unknown) => OptionValue | undefined> = {
  string: (value) => (isText(value) ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  int: (value) => (Number.isSafeInteger(value) ? (value as number) : undefined),
  list: (value) => (Array.isArray(value) && value.every(isText) ? value : undefined),
  pairs: (value) => everyEntry(value, (item) => (isText(item) ? item : undefined)),
  switches: (value) => everyEntry(value, (item) => (typeof item === 'boolean' ? item : undefined)),
  runtimes: (value) => everyEntry(value, readRuntime),
  ulimits: (value) => everyEntry(value, readUlimit),
  pools: (value) => (Array.isArray(value) && value.every(isPool) ? value : undefined),
};

function everyEntry<T>(
  value: unknown,
  read: (item: unknown, name: string) => T | undefined,
): Record<string, T> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).map(([name, item]) => [name, read(item, name)] as const);
  return entries.some(([, item]) => item === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Record<string, T>);
}

function readRuntime(value: unknown): RuntimeTable[string] | undefined {
  if (!isObject(value) || !isText(value.path) || value.path === '') return undefined;
  const args = value.runtimeArgs ?? [];
  return Array.isArray(args) && args.every(isText) ? { path: value.path, args } : undefined;
}

function readUlimit(value: unknown, name: string): UlimitTable[string] | undefined {
  if (!isObject(value) || !Number.isInteger(value.Soft) || !Number.isInteger(value.Hard)) return undefined;
  return checkUlimit({
    name: isText(value.Name) ? value.Name : name,
    soft: Number(value.Soft),
    hard: Number(value.Hard),
  });
}

const isPool = (value: unknown): value is AddressPool =>
  isObject(value) && isText(value.base) && Number.isInteger(value.size);
