// SPDX-License-Identifier: Apache-2.0
import { EngineError, type ErrorCode } from '#core/errors.ts';

/** Docker's exit codes for a process that could not be started. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const UNKNOWN = 128;

/** A process that the OCI runtime could not start. */
export class StartError extends EngineError {
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, exitCode: number) {
    super(code, message);
    this.exitCode = exitCode;
  }
}

/** What a start error is about. */
export interface StartAttempt {
  kind: 'init' | 'exec';
  /** The runtime's name, for messages that are its own. */
  runtime: string;
  /** The command, as far as it is known. */
  command: string;
}

/**
 * The error for what an OCI runtime said, in the words that Docker's clients match on, whichever runtime it was. A command
 * that is missing or can't be run is the caller's mistake; all else is internal.
 */
export function startError(said: string, attempt: StartAttempt): StartError {
  const reason = inRuncWords(lastLine(said), attempt);
  const exitCode = exitCodeForStartError(reason);
  const shown = `${HEADING[attempt.kind]}: ${reason}${HINTS.find(({ on }) => on.test(reason))?.add ?? ''}: unknown`;
  return new StartError(exitCode === UNKNOWN ? 'internal' : 'invalid-parameter', shown, exitCode);
}

const HEADING = {
  init: 'failed to create task for container: failed to create shim task: OCI runtime create failed',
  exec: 'OCI runtime exec failed',
} as const;

/** The docker CLI tells 126 from 125 by "permission denied"; the second is what Docker says about bind mounts. */
const HINTS = [
  { on: /is a directory/i, add: ': permission denied' },
  {
    on: /not a directory/i,
    add: ': Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type',
  },
];

export function exitCodeForStartError(reason: string): number {
  if (/permission denied|is a directory/i.test(reason)) return NOT_EXECUTABLE;
  if (/not a directory|executable file .*not found|no such file or directory/i.test(reason)) return NOT_FOUND;
  return UNKNOWN;
}

/** Warnings come first, what made it give up comes last. */
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

function inRuncWords(said: string, attempt: StartAttempt): string {
  const verb = attempt.kind === 'init' ? `${attempt.runtime} create failed` : 'exec failed';
  const command = commandReason(said, attempt.command);
  if (command !== undefined) {
    return `${verb}: unable to start container process: exec: ${JSON.stringify(attempt.command)}: ${command}`;
  }
  const own = /^(?:runc run failed|runc create failed|exec failed): (.*)$/s.exec(said)?.[1];
  return `${verb}: ${own ?? said}`;
}

/** What crun's message says about the command itself, as runc would put it. */
function commandReason(said: string, command: string): string | undefined {
  const missing = /executable file .* not found/i.test(said) || /^open executable:.*(?:no such file)/i.test(said);
  if (missing && /^exec failed|^runc /.test(said)) return undefined;
  if (missing) {
    return command.includes('/') ? `stat ${command}: no such file or directory` : 'executable file not found in $PATH';
  }
  const reason = /^open executable: (.*)$/i.exec(said)?.[1];
  if (reason === undefined) return undefined;
  if (command === '') return 'executable file not found in $PATH';
  if (/not a directory/i.test(reason)) return `stat ${command}: not a directory`;
  // crun says "operation not permitted" of what is no regular file, a directory for example.
  return 'permission denied';
}
