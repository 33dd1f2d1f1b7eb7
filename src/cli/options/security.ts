// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cut } from '#cli/options/csv.ts';
import { fileError } from '#cli/options/key-values.ts';

export interface SecurityOptions {
  securityOpt: string[];
  /** `systempaths=unconfined`: nothing is masked or read-only. */
  unconfinedPaths: boolean;
}

/** Seccomp profiles that the engine knows by name. */
const NAMED_PROFILES = new Set(['builtin', 'unconfined']);

/** Reads `--security-opt`; a seccomp profile in a file is sent as its content. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const read = options.map(parseSecurityOption);
  return {
    securityOpt: read.filter((option) => option !== 'systempaths=unconfined'),
    unconfinedPaths: read.includes('systempaths=unconfined'),
  };
}

function parseSecurityOption(option: string): string {
  const withEquals = cut(option, '=');
  const isAlone = withEquals[0] === 'no-new-privileges';
  const [key, value] = withEquals[1] === undefined && !isAlone ? cut(option, ':') : withEquals;
  if (!value && key !== 'no-new-privileges') throw new Error(`Invalid --security-opt: ${JSON.stringify(option)}`);
  if (key !== 'seccomp' || value === undefined || NAMED_PROFILES.has(value)) return option;
  return `seccomp=${readProfile(value)}`;
}

function readProfile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`opening seccomp profile (${path}) failed: ${fileError(path, error).message}`, { cause: error });
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** `--storage-opt size=10G`. */
export function parseStorageOptions(options: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    options.map((option) => {
      const [key, value] = cut(option, '=');
      if (value === undefined) throw new Error('invalid storage option');
      return [key, value];
    }),
  );
}
