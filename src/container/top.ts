// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { processTableFromProc } from '#container/top-proc.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { ProcessTable } from '#model/system.ts';

const DEFAULT_ARGUMENTS = '-ef';
const MAX_ARGUMENTS_LENGTH = 4096;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * `docker top`: what the host's `ps` says of these processes, with whatever arguments the caller gives it. Without a `ps`, the
 * default columns come from /proc. Throws Docker's words for arguments that hide which process a line is about.
 */
export async function containerTop(pids: readonly number[], psArguments: string): Promise<ProcessTable> {
  const text = psArguments || DEFAULT_ARGUMENTS;
  checkArguments(text);
  // As Docker does: split at every space, no quotes, no shell.
  const argv = text.split(' ').filter((argument) => argument !== '');
  const narrow = await runPs([...argv, `-q${pids.join(',')}`]);
  // Some options (`f`, for one) can't be used together with -q.
  const result = narrow.status === 'failed' ? await runPs(argv) : narrow;
  if (result.status === 'done') return parsePsOutput(result.output, pids);
  if (result.status === 'failed') throw new EngineError('internal', `ps: ${result.reason}`);
  if (text === DEFAULT_ARGUMENTS) return processTableFromProc(pids);
  throw new EngineError(
    'internal',
    'ps: executable file not found in $PATH: install procps, or leave out the ps options',
  );
}

/** A column may be renamed, but none may pretend to be the PID. */
function checkArguments(text: string): void {
  if (text.length > MAX_ARGUMENTS_LENGTH || text.includes('\0')) throw invalidParameter('invalid ps arguments');
  for (const [, column = '', title = ''] of text.matchAll(/\s+(\S*)=\s*(PID\S*)/g)) {
    if (column !== 'pid') throw invalidParameter(`specifying "${column}=${title}" is not allowed`);
  }
}

type PsResult = { status: 'done'; output: string } | { status: 'failed'; reason: string } | { status: 'missing' };

/** With an environment of its own: variables such as PS_FORMAT would change the columns. */
function runPs(argv: readonly string[]): Promise<PsResult> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
  const options = { env, cwd: '/', maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile('ps', argv, options, (error, stdout, stderr) => {
      if (!error) resolve({ status: 'done', output: stdout });
      else if (error.code === 'ENOENT') resolve({ status: 'missing' });
      else resolve({ status: 'failed', reason: stderr.split('\n')[0] || `exit status ${error.code ?? error.signal}` });
    });
  });
}

const fieldsOf = (line: string): string[] => line.split(/[\t\n\f\r ]+/).filter((field) => field !== '');

/** The lines of `ps` that are about one of the processes, in columns by its title line. */
export function parsePsOutput(output: string, pids: readonly number[]): ProcessTable {
  const [heading = '', ...lines] = output.split('\n');
  const titles = fieldsOf(heading);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw invalidParameter("Couldn't find PID field in ps output");
  const wanted = new Set(pids);
  const processes: string[][] = [];
  let isOurs = false;
  for (const line of lines) {
    const fields = fieldsOf(line);
    const pid = fields[pidColumn];
    if (pid === undefined) continue;
    // With the option `m`, the threads of a process follow it with a dash for a PID.
    if (pid !== '-') isOurs = wanted.has(parsePid(pid));
    if (isOurs) processes.push(toRow(fields, titles.length));
  }
  return { titles, processes };
}

function parsePid(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalidParameter(`Unexpected pid '${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** The last column holds what is left, spaces and all. */
const toRow = (fields: readonly string[], columns: number): string[] => [
  ...fields.slice(0, columns - 1),
  fields.slice(columns - 1).join(' '),
];
