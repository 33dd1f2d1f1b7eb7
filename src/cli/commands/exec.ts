// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext, terminalSize } from '#cli/command.ts';
import { bool, list, string } from '#cli/flags/flag.ts';
import { parseEnv, readKeyValueFiles } from '#cli/options/key-values.ts';
import { checkTerminal, connectStreams } from '#cli/streams/attached.ts';
import { followTerminalSize } from '#cli/streams/terminal-size.ts';
import type { ExecStart } from '#client/execs.ts';

export const exec: Command = {
  operandUsage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  operands: atLeast(2),
  interspersed: false,
  flags: [
    bool('d, detach', 'Detached mode: run command in the background'),
    string('detach-keys', 'Override the key sequence for detaching a container'),
    list('e, env', 'Set environment variables', (text) => parseEnv(text, process.env)),
    list('env-file', 'Read in a file of environment variables'),
    bool('i, interactive', 'Keep STDIN open even if not attached'),
    bool('privileged', 'Give extended privileges to the command'),
    bool('t, tty', 'Allocate a pseudo-TTY'),
    string('u, user', 'Username or UID (format: "<name|uid>[:<group|gid>]")'),
    string('w, workdir', 'Working directory inside the container'),
  ],
  run: execute,
};

async function execute(context: CommandContext): Promise<number> {
  const { engine, flags, operands, streams } = context;
  const [container = '', ...argv] = operands;
  const detach = flags.bool('detach');
  const tty = flags.bool('tty');
  const stdin = flags.bool('interactive') && !detach;
  const detachKeys = flags.string('detach-keys') || context.config.detachKeys;
  const env = [...readKeyValueFiles(flags.list('env-file'), context.env), ...flags.list('env')];
  // An unknown container is reported before a missing terminal, and no exec is left behind for either.
  await engine.containers.inspect(container);
  if (!detach) checkTerminal(streams, stdin, tty);
  const { rows, columns } = terminalSize(streams);
  const start: ExecStart = { Detach: detach, Tty: tty, ...(tty && { ConsoleSize: [rows, columns] }) };
  const { Id: id } = await engine.execs.create(container, {
    User: flags.string('user'),
    Privileged: flags.bool('privileged'),
    Tty: tty,
    ...(tty && { ConsoleSize: [rows, columns] }),
    AttachStdin: stdin,
    AttachStdout: !detach,
    AttachStderr: !detach,
    Detach: detach,
    DetachKeys: detachKeys,
    Env: env,
    WorkingDir: flags.string('workdir'),
    Cmd: argv,
  });
  if (!detach) return runAttached(context, id, start, { stdin, detachKeys });
  await engine.execs.startDetached(id, start);
  return 0;
}

async function runAttached(
  context: CommandContext,
  id: string,
  start: ExecStart,
  { stdin, detachKeys }: { stdin: boolean; detachKeys: string },
): Promise<number> {
  const { engine, streams } = context;
  const socket = await engine.execs.startAttached(id, start);
  using _size =
    start.Tty && streams.stdin.isTTY ? followTerminalSize(streams, (size) => engine.execs.resize(id, size)) : undefined;
  const end = await connectStreams(socket, { streams, tty: start.Tty, stdin, stdout: true, stderr: true, detachKeys });
  if (end === 'detached') throw new Error('read escape sequence');
  return (await engine.execs.inspect(id)).ExitCode ?? 0;
}
