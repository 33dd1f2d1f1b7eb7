// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

/** What `--security-opt` asked for. */
export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** `undefined` and `builtin`: the default; `unconfined`; or a profile's JSON. */
  seccomp?: string;
  /** A profile's name or `unconfined`; `undefined`: the default. */
  apparmor?: string;
  /** SELinux labels: accepted, as on a host without SELinux. */
  labels: string[];
  /** No masked and no read-only paths. */
  systemPathsUnconfined: boolean;
  /** Whether /sys/fs/cgroup can be written; `undefined`: only if privileged. */
  writableCgroups?: boolean;
}

/** Go's strconv.ParseBool, which Docker uses for these. */
const BOOLEANS = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

/** Later options win over earlier ones. What is not known is refused. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const parsed: SecurityOptions = { noNewPrivileges: false, labels: [], systemPathsUnconfined: false };
  for (const option of options) applyOption(parsed, option);
  return parsed;
}

function applyOption(parsed: SecurityOptions, option: string): void {
  if (option === 'no-new-privileges') {
    parsed.noNewPrivileges = true;
    return;
  }
  if (option === 'writable-cgroups') {
    parsed.writableCgroups = true;
    return;
  }
  if (option === 'disable') {
    parsed.labels.push('disable');
    return;
  }
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  if (at < 0) throw invalidParameter(`invalid --security-opt 1: ${JSON.stringify(option)}`);
  applyPair(parsed, option, option.slice(0, at), option.slice(at + 1));
}

function applyPair(parsed: SecurityOptions, option: string, key: string, value: string): void {
  switch (key) {
    case 'label':
      parsed.labels.push(value);
      break;
    case 'apparmor':
      parsed.apparmor = value;
      break;
    case 'seccomp':
      parsed.seccomp = value;
      break;
    case 'no-new-privileges':
      parsed.noNewPrivileges = parseBoolean(option, value);
      break;
    case 'writable-cgroups':
      parsed.writableCgroups = parseBoolean(option, value);
      break;
    case 'systempaths':
      if (value !== 'unconfined') throw unknownOption(option);
      parsed.systemPathsUnconfined = true;
      break;
    default:
      throw unknownOption(option);
  }
}

function parseBoolean(option: string, value: string): boolean {
  const parsed = BOOLEANS.get(value);
  if (parsed === undefined) throw unknownOption(option);
  return parsed;
}

const unknownOption = (option: string) => invalidParameter(`invalid --security-opt 2: ${JSON.stringify(option)}`);
