// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** What the command reads; nothing by default. */
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  /** @default 60000 */
  timeoutMs?: number;
}

/** A command that runs: what it has written so far, and its end. */
export interface RunningCommand extends AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  readonly result: Promise<CommandResult>;
  stdout(): string;
  stderr(): string;
  /** Resolves when the output holds the text; rejects when the command ends without. */
  waitFor(text: string | RegExp): Promise<void>;
}

/** Runs a command to its end; a code other than 0 is not an error here. */
export async function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  await using command = start(file, args, options);
  command.process.stdin.end(options.input ?? '');
  return await command.result;
}

/** Starts a command and leaves its standard input open. Disposing kills it. */
export function start(file: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(file, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
  const output = { stdout: '', stderr: '' };
  const changed = new EventTarget();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      changed.dispatchEvent(new Event('output'));
    });
  }
  // A command may end without reading all of its input.
  child.stdin.on('error', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  const result = finished(child, output).finally(() => {
    clearTimeout(timer);
    changed.dispatchEvent(new Event('output'));
  });
  result.catch(() => {});
  return {
    process: child,
    result,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    waitFor: (text) => waitForOutput(child, output, changed, text),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await result.catch(() => {});
    },
  };
}

async function finished(
  child: ChildProcessWithoutNullStreams,
  output: { stdout: string; stderr: string },
): Promise<CommandResult> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code: code ?? (signal === 'SIGKILL' ? 137 : 143), ...output };
}

async function waitForOutput(
  child: ChildProcessWithoutNullStreams,
  output: { stdout: string; stderr: string },
  changed: EventTarget,
  wanted: string | RegExp,
): Promise<void> {
  const isThere = () => {
    const text = output.stdout + output.stderr;
    return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
  };
  while (!isThere()) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`ended without writing ${wanted}:\n${output.stdout}\n${output.stderr}`);
    }
    await once(changed, 'output');
  }
}
