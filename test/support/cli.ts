// SPDX-License-Identifier: Apache-2.0
import { describe } from 'node:test';
import type { CommandOptions, CommandResult, RunningCommand } from './command.ts';
import { type Daemon, type DaemonOptions, sharedDaemon } from './daemon.ts';
import { engineUnderTest } from './engine.ts';

/** A command line program of which every test is demanded: the unmodified docker CLI, and our own. */
export interface Cli {
  name: 'docker' | 'hoy';
  daemon(): Daemon;
  (args: string[], options?: CommandOptions): Promise<CommandResult>;
  start(args: string[], options?: CommandOptions): RunningCommand;
  /** Runs a command that must succeed, and returns what it wrote without the last line's end. */
  ok(args: string[], options?: CommandOptions): Promise<string>;
}

const PROGRAMS = engineUnderTest.name === 'hoyd' ? (['docker', 'hoy'] as const) : (['docker'] as const);

/** Declares the tests once for each command line program, against one engine. */
export function eachCli(subject: string, declare: (cli: Cli) => void, options?: DaemonOptions): void {
  const daemon = sharedDaemon(options);
  for (const name of PROGRAMS) {
    const run = (args: string[], more?: CommandOptions) => daemon()[name](args, more);
    const cli: Cli = Object.assign(run, {
      daemon,
      start: (args: string[], more?: CommandOptions) =>
        name === 'docker' ? daemon().startDocker(args, more) : daemon().startHoy(args, more),
      async ok(args: string[], more?: CommandOptions) {
        const { code, stdout, stderr } = await run(args, more);
        if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${code}: ${stderr}`);
        return stdout.trimEnd();
      },
    }) as unknown as Cli;
    Object.defineProperty(cli, 'name', { value: name });
    describe(`${name} ${subject}`, () => declare(cli));
  }
}

/** Options that make a container as the tests want it: without networks. */
export const RUN = ['run', '--rm', '--network', 'none'];
export const DETACHED = ['run', '-d', '--network', 'none'];
