// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cut } from '#cli/options/csv.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `NAME=value` as it is; a bare `NAME` takes the value it has here, and stays bare if it has none. */
export function parseEnv(text: string, env: Env): string {
  const [name, value] = cut(text, '=');
  if (name === '') throw new Error(`invalid environment variable: ${text}`);
  return value !== undefined || env[name] === undefined ? text : `${name}=${env[name]}`;
}

/** `KEY=value` or `KEY`. */
export function checkLabel(text: string): string {
  const key = cut(text, '=')[0].replace(/^[ \t]+/, '');
  if (key === '') throw new Error(`invalid label '${text}': empty name`);
  if (/[ \t]/.test(key)) throw new Error(`label '${text}' contains whitespaces`);
  return text;
}

/** Lines `NAME=value` of files; with `env`, a bare `NAME` takes the value it has there and is left out if it has none. */
export function readKeyValueFiles(paths: readonly string[], env?: Env): string[] {
  return paths.flatMap((path) => readKeyValueFile(path, env));
}

function readKeyValueFile(path: string, env: Env | undefined): string[] {
  const lines = decode(path)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines.flatMap((raw) => {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) return [];
    const [key, value] = cut(line, '=');
    if (key === '') throw new Error(`invalid env file (${path}): no variable name on line '${line}'`);
    if (/[ \t]/.test(key)) throw new Error(`invalid env file (${path}): variable '${key}' contains whitespaces`);
    if (value !== undefined) return [line];
    return env?.[line] === undefined ? [] : [`${key}=${env[line]}`];
  });
}

function decode(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fileError(path, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error(`invalid env file (${path}): invalid utf8 bytes`, { cause: error });
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

/** A file that can't be opened, in the words of Go: `open x: no such file or directory`. */
export function fileError(path: string, cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new Error(`open ${path}: ${REASONS[code] ?? message}`, { cause });
}

/** `KEY=value` strings as an object; a bare `KEY` is empty. */
export function toMap(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((text) => {
      const [key, value = ''] = cut(text, '=');
      return [key, value];
    }),
  );
}
