// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';
import type { ConfigFile } from '#cli/config-file.ts';
import type { Flag } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import type { EngineClient } from '#client/engine-client.ts';

/** How many operands a command takes. */
export interface OperandCount {
  minimum: number;
  maximum: number;
}

export const exactly = (count: number): OperandCount => ({ minimum: count, maximum: count });
export const atLeast = (count: number): OperandCount => ({ minimum: count, maximum: Number.POSITIVE_INFINITY });
export const atMost = (count: number): OperandCount => ({ minimum: 0, maximum: count });
export const between = (minimum: number, maximum: number): OperandCount => ({ minimum, maximum });

/** What a command needs to run, and nothing it has to reach for itself. */
export interface CommandContext {
  /** How it was called: `container ls`. */
  path: string;
  operands: string[];
  flags: FlagValues;
  /** Connects with the first call. */
  engine: EngineClient;
  streams: Streams;
  config: ConfigFile;
  env: Readonly<Record<string, string | undefined>>;
  /** All commands there are. */
  entries: readonly Entry[];
}

export interface Streams {
  stdin: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  stderr: Writable & { isTTY?: boolean };
}

/** One command, as it can be called under one or more names. */
export interface Command {
  /** What follows the name in a usage line: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  operandUsage: string;
  flags: readonly Flag[];
  operands: OperandCount;
  /** False: the first operand ends the flags. */
  interspersed?: boolean;
  /** Resolves to the exit code, 0 if there is none. Throws `CliError`, or any error, which is exit code 1. */
  run(context: CommandContext): Promise<number | undefined>;
}

/** A command under all its names. The code behind it is loaded when it is called, so that others don't pay for it. */
export interface Entry {
  /** Every way to call it, in the order help shows them: `container ls`, `ps`. Within a group the first is the proper one. */
  names: readonly [string, ...string[]];
  short: string;
  /** Its place among the common commands of the first help page. */
  common?: number;
  load(): Promise<Command>;
}

/** The size of the terminal that output goes to; zero if it goes elsewhere. */
export function terminalSize(streams: Streams): { rows: number; columns: number } {
  const { isTTY, rows = 0, columns = 0 } = streams.stdout;
  return isTTY ? { rows, columns } : { rows: 0, columns: 0 };
}

/** One line on standard output. */
export const printLine = (context: Pick<CommandContext, 'streams'>, line: string): void => {
  context.streams.stdout.write(`${line}\n`);
};

/** One line on standard error. */
export const warnLine = (context: Pick<CommandContext, 'streams'>, line: string): void => {
  context.streams.stderr.write(`${line}\n`);
};
