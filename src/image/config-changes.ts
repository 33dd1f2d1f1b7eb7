// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { fields, keyValues, parseDurationMs, parseJsonForm } from '#image/instruction-words.ts';
import type { HealthCheckConfig, RunConfig } from '#oci/image-config.ts';

/**
 * Dockerfile instructions that change how an image runs: what `docker import --change` and `docker commit --change`
 * take.
 */

type Instruction = (run: RunConfig, words: string, name: string) => RunConfig;

const SHELL = ['/bin/sh', '-c'];

const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map<string, Instruction>([
  ['cmd', (run, words) => ({ ...run, cmd: commandLine(run, words) })],
  ['entrypoint', (run, words) => ({ ...run, entrypoint: commandLine(run, words) })],
  ['env', (run, words, name) => ({ ...run, env: withVariables(run.env, keyValues(words, name)) })],
  ['expose', (run, words, name) => ({ ...run, exposedPorts: union(run.exposedPorts, fields(words, name).map(port)) })],
  [
    'label',
    (run, words, name) => ({ ...run, labels: { ...run.labels, ...Object.fromEntries(keyValues(words, name)) } }),
  ],
  ['onbuild', (run, words) => ({ ...run, onBuild: [...run.onBuild, trigger(words)] })],
  ['stopsignal', (run, words, name) => ({ ...run, stopSignal: stopSignal(single(words, name)) })],
  ['user', (run, words, name) => ({ ...run, user: single(words, name) })],
  ['volume', (run, words, name) => ({ ...run, volumes: union(run.volumes, volumes(words, name)) })],
  ['workdir', (run, words, name) => ({ ...run, workingDir: workingDirectory(run.workingDir, single(words, name)) })],
  ['healthcheck', (run, words) => ({ ...run, healthcheck: healthcheck(words) })],
]);

/** Applies instructions one after another. Throws in Docker's words for one that can't be used here. */
export function applyChanges(run: RunConfig, changes: readonly string[]): RunConfig {
  let changed = run;
  for (const line of changes.flatMap(logicalLines)) {
    const [, name = '', words = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(line) ?? [];
    const instruction = INSTRUCTIONS.get(name.toLowerCase());
    if (instruction === undefined) throw invalidParameter(`${name.slice(0, 100)} is not a valid change command`);
    changed = instruction(changed, words, name.toUpperCase());
  }
  return changed;
}

/** Lines without comments, those that end in a backslash joined with the next. */
function logicalLines(text: string): string[] {
  const joined = text.replace(/\\[ \t]*\n/g, '');
  return joined.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
}

function commandLine(run: RunConfig, words: string): string[] {
  const list = parseJsonForm(words);
  if (list !== undefined) return list;
  return words === '' ? [] : [...(run.shell ?? SHELL), words];
}

function withVariables(env: string[], added: [string, string][]): string[] {
  const variables = new Map(env.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  for (const [key, value] of added) variables.set(key, `${key}=${value}`);
  return [...variables.values()];
}

const union = (old: string[], added: string[]): string[] => [...new Set([...old, ...added])];

function port(text: string): string {
  const match = /^(\d{1,5})(-\d{1,5})?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (match === null || Number(match[1]) > 65_535) throw invalidParameter(`invalid containerPort: ${text}`);
  return `${match[1]}${match[2] ?? ''}/${(match[3] ?? 'tcp').toLowerCase()}`;
}

function trigger(words: string): string {
  const [name = ''] = words.split(/\s/, 1);
  if (words === '') throw invalidParameter('ONBUILD requires at least one argument');
  if (name.toUpperCase() === 'ONBUILD') throw invalidParameter("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (/^(FROM|MAINTAINER)$/i.test(name))
    throw invalidParameter(`${name.toUpperCase()} isn't allowed as an ONBUILD trigger`);
  return words;
}

function single(words: string, name: string): string {
  const [first, ...others] = fields(words, name);
  if (first === undefined || (others.length > 0 && name !== 'WORKDIR'))
    throw invalidParameter(`${name} requires exactly one argument`);
  return name === 'WORKDIR' ? words : first;
}

function stopSignal(text: string): string {
  if (!/^(SIG)?[A-Z0-9+-]{1,20}$|^\d{1,2}$/i.test(text))
    throw invalidParameter(`invalid signal: ${text.slice(0, 100)}`);
  return text;
}

const volumes = (words: string, name: string): string[] => parseJsonForm(words) ?? fields(words, name);

function workingDirectory(old: string, next: string): string {
  if (next.startsWith('/')) return next;
  return `${old === '' || old === '/' ? '' : old}/${next}`;
}

const HEALTH_FLAGS = new Map<string, (check: HealthCheckConfig, value: string) => void>([
  ['interval', (check, value) => assign(check, 'intervalMs', value)],
  ['timeout', (check, value) => assign(check, 'timeoutMs', value)],
  ['start-period', (check, value) => assign(check, 'startPeriodMs', value)],
  ['start-interval', (check, value) => assign(check, 'startIntervalMs', value)],
  [
    'retries',
    (check, value) => {
      if (!/^\d{1,9}$/.test(value)) throw invalidParameter(`invalid number of retries: ${value.slice(0, 100)}`);
      check.retries = Number(value);
    },
  ],
]);

function assign(
  check: HealthCheckConfig,
  key: 'intervalMs' | 'timeoutMs' | 'startPeriodMs' | 'startIntervalMs',
  value: string,
): void {
  check[key] = parseDurationMs(value);
}

function healthcheck(words: string): HealthCheckConfig {
  const check: HealthCheckConfig = { test: [] };
  let rest = words;
  for (let flag = nextFlag(rest); flag !== null; flag = nextFlag(rest)) {
    const set = HEALTH_FLAGS.get(flag[1] ?? '');
    if (set === undefined) throw invalidParameter(`unknown flag: ${flag[1]}`);
    set(check, flag[2] ?? '');
    rest = rest.slice(flag[0].length);
  }
  const [, type = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (type.toUpperCase() === 'NONE') return { ...check, test: ['NONE'] };
  if (type.toUpperCase() !== 'CMD')
    throw invalidParameter(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  if (command === '') throw invalidParameter('Missing command after HEALTHCHECK CMD');
  const list = parseJsonForm(command);
  return { ...check, test: list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list] };
}

const nextFlag = (words: string): RegExpExecArray | null => /^--([a-z-]+)=(\S+)\s*/.exec(words);
