// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import { invalidParameter } from '#core/errors.ts';
import type { MountRequest, Propagation } from '#model/container.ts';
import { type Mapping, notServed } from './mapping.ts';
import { absolute, notRoot, PROPAGATIONS } from './mount-paths.ts';

/** Each group of words that a bind's mode may have one of. */
const MODES: readonly (readonly string[])[] = [
  ['rw', 'ro'],
  ['z', 'Z'],
  PROPAGATIONS,
  ['nocopy'],
  ['consistent', 'cached', 'delegated'],
];

const isMode = (mode: string): boolean => {
  if (mode === '') return true;
  const words = mode.split(',');
  return (
    words.every((word) => MODES.some((group) => group.includes(word))) &&
    MODES.every((group) => words.filter((word) => group.includes(word)).length <= 1)
  );
};

export type BindRequest = Extract<MountRequest, { type: 'bind' }>;

/** One entry of `Binds`: `/source:/target[:mode]`. */
export function parseBind(raw: string, { version }: Mapping): BindRequest {
  const invalid = (why = '') => invalidParameter(`invalid volume specification: '${raw}'${why && `: ${why}`}`);
  const parts = raw.split(':');
  const [source = '', target, mode = ''] = parts;
  if (source === '' || parts.length > 3 || (parts.length === 2 && isMode(target ?? ''))) throw invalid();
  if (!isMode(mode)) throw invalidParameter(`invalid mode: ${mode}`);
  if (target === undefined || !posix.isAbsolute(source)) {
    throw notServed(`volume ${JSON.stringify(raw)}: volumes are`, 'bind a directory of the host (/source:/target)');
  }
  const context = (why: string) => invalid(`invalid mount config for type "bind": ${why}`);
  notRoot(target, context);
  absolute(target, context);
  const words = mode.split(',');
  const propagation = words.find((word) => PROPAGATIONS.includes(word)) ?? 'rprivate';
  return {
    type: 'bind',
    source: posix.normalize(source).replace(/(.)\/$/, '$1'),
    target: posix.normalize(target).replace(/(.)\/$/, '$1'),
    readOnly: words.includes('ro'),
    propagation: propagation as Propagation,
    nonRecursive: false,
    createSource: true,
    readOnlyNonRecursive: version.before('1.44'),
    readOnlyForceRecursive: false,
    form: 'bind-string',
  };
}

/** Back to the form it came in, for inspect. */
export function formatBind({ source, target, readOnly, propagation }: BindRequest): string {
  const mode = [...(readOnly ? ['ro'] : []), ...(propagation === 'rprivate' ? [] : [propagation])].join(',');
  return [source, target, ...(mode ? [mode] : [])].join(':');
}
