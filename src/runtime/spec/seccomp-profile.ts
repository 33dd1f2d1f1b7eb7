// SPDX-License-Identifier: Apache-2.0
import { invalidParameter, messageOf } from '#core/errors.ts';
import type { OciSeccompCondition } from '#runtime/spec/oci.ts';
import { parseJsonExactly } from '#runtime/spec/raw-json.ts';

/** A condition on the host or the container: every member that is given must hold. */
export interface SeccompFilter {
  /** Go's names: `amd64`, `arm64`, … Any of them. */
  arches?: string[];
  /** All of them (`includes`), any of them (`excludes`). */
  caps?: string[];
  /** `major.minor`, at least. */
  minKernel?: string;
}

export interface SeccompRule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: OciSeccompCondition[];
  includes?: SeccompFilter;
  excludes?: SeccompFilter;
}

/** Docker's extended profile format: the OCI one with conditions that are resolved before the runtime sees it. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures: string[] }[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls: SeccompRule[];
}

/** Reads a caller's profile; `undefined` if it is one that switches filtering off. */
export function parseSeccompProfile(text: string): SeccompProfile | undefined {
  const json = asObject(decode(text), 'profile');
  if (!json.defaultAction && list(json.syscalls, 'syscalls').length === 0) return undefined;
  const profile: SeccompProfile = {
    defaultAction: string(json.defaultAction ?? '', 'defaultAction'),
    syscalls: list(json.syscalls, 'syscalls').map(parseRule),
  };
  if (json.defaultErrnoRet != null) profile.defaultErrnoRet = integer(json.defaultErrnoRet, 'defaultErrnoRet');
  if (json.architectures != null) profile.architectures = strings(json.architectures, 'architectures');
  if (json.archMap != null) profile.archMap = list(json.archMap, 'archMap').map(parseArchitecture);
  if (json.flags != null) profile.flags = strings(json.flags, 'flags');
  if (json.listenerPath != null) profile.listenerPath = string(json.listenerPath, 'listenerPath');
  if (json.listenerMetadata != null) profile.listenerMetadata = string(json.listenerMetadata, 'listenerMetadata');
  if (profile.architectures?.length && profile.archMap?.length) throw bothGiven('architectures', 'archMap');
  return profile;
}

function decode(text: string): unknown {
  try {
    return parseJsonExactly(text);
  } catch (error) {
    throw undecodable(messageOf(error), error);
  }
}

function parseArchitecture(value: unknown): { architecture: string; subArchitectures: string[] } {
  const json = asObject(value, 'archMap');
  return {
    architecture: string(json.architecture ?? '', 'architecture'),
    subArchitectures: strings(json.subArchitectures ?? [], 'subArchitectures'),
  };
}

function parseRule(value: unknown): SeccompRule {
  const json = asObject(value, 'syscalls');
  const names = strings(json.names ?? [], 'names');
  const name = string(json.name ?? '', 'name');
  if (name !== '' && names.length > 0) throw bothGiven('name', 'names');
  const rule: SeccompRule = { names: name === '' ? names : [name], action: string(json.action ?? '', 'action') };
  if (json.errnoRet != null) rule.errnoRet = integer(json.errnoRet, 'errnoRet');
  if (json.args != null) rule.args = list(json.args, 'args').map(parseCondition);
  if (json.includes != null) rule.includes = parseFilter(json.includes, 'includes');
  if (json.excludes != null) rule.excludes = parseFilter(json.excludes, 'excludes');
  return rule;
}

function parseCondition(value: unknown): OciSeccompCondition {
  const json = asObject(value, 'args');
  const condition: OciSeccompCondition = {
    index: integer(json.index ?? 0, 'index'),
    value: word(json.value ?? 0, 'value'),
    op: string(json.op ?? '', 'op'),
  };
  if (json.valueTwo != null) condition.valueTwo = word(json.valueTwo, 'valueTwo');
  return condition;
}

function parseFilter(value: unknown, field: string): SeccompFilter {
  const json = asObject(value, field);
  const filter: SeccompFilter = {};
  if (json.arches != null) filter.arches = strings(json.arches, 'arches');
  if (json.caps != null) filter.caps = strings(json.caps, 'caps');
  if (json.minKernel != null) filter.minKernel = kernelVersion(json.minKernel);
  return filter;
}

function kernelVersion(value: unknown): string {
  if (typeof value !== 'string' || !/^\d+\.\d+/.test(value)) {
    throw undecodable('invalid kernel version, expected format is "<kernel>.<major>"');
  }
  return value;
}

function asObject(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(field, 'an object');
  return value as Record<string, unknown>;
}

function list(value: unknown, field: string): unknown[] {
  if (value == null) return [];
  if (!Array.isArray(value)) throw wrongType(field, 'a list');
  return value;
}

function string(value: unknown, field: string): string {
  if (typeof value !== 'string') throw wrongType(field, 'a string');
  return value;
}

function strings(value: unknown, field: string): string[] {
  return list(value, field).map((item) => string(item, field));
}

function integer(value: unknown, field: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrongType(field, 'a non-negative integer');
  return value as number;
}

const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

/** An unsigned 64-bit number, as a register holds it. */
function word(value: unknown, field: string): OciSeccompCondition['value'] {
  if (typeof value !== 'object' || value === null) return integer(value, field);
  const { rawJSON } = value as { rawJSON?: unknown };
  if (typeof rawJSON !== 'string' || rawJSON.startsWith('-') || BigInt(rawJSON) > MAX_UINT64) {
    throw wrongType(field, 'an unsigned 64-bit integer');
  }
  return value as OciSeccompCondition['value'];
}

const undecodable = (reason: string, cause?: unknown) =>
  invalidParameter(`Decoding seccomp profile failed: ${reason}`, cause === undefined ? undefined : { cause });

const wrongType = (field: string, expected: string) => undecodable(`${field} must be ${expected}`);

const bothGiven = (one: string, other: string) =>
  invalidParameter(
    `both '${one}' and '${other}' are specified in the seccomp profile, use either '${one}' or '${other}'`,
  );
