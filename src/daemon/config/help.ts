// SPDX-License-Identifier: Apache-2.0
import { OPTIONS, type Option } from '#daemon/config/options.ts';

const PLACEHOLDER: Record<Option['kind'], string> = {
  string: 'string',
  bool: '',
  int: 'int',
  list: 'list',
  pairs: 'map',
  switches: 'map',
  runtimes: 'runtime',
  ulimits: 'ulimit',
  pools: 'pool-options',
};

/** The text of `hoyd --help`, in dockerd's layout. */
export function helpText(): string {
  const rows = OPTIONS.toSorted((a, b) => a.flag.localeCompare(b.flag)).map((option) => [left(option), option.help]);
  const width = Math.max(...rows.map(([name = '']) => name.length)) + 3;
  const lines = rows.map(([name = '', help = '']) => `  ${name.padEnd(width)}${help}`);
  return [
    '',
    'Usage:  hoyd [OPTIONS]',
    '',
    'A container engine that speaks the Docker Engine API.',
    '',
    'Options:',
    ...lines,
    '',
  ].join('\n');
}

function left(option: Option): string {
  const short = option.short ? `-${option.short}, ` : '    ';
  return `${short}--${option.flag} ${PLACEHOLDER[option.kind]}`.trimEnd();
}
