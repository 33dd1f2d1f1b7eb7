// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext, printLine, warnLine } from '#cli/command.ts';
import { awaitExit } from '#cli/commands/await-exit.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { connectStreams } from '#cli/streams/attached.ts';
import { forwardSignals } from '#cli/streams/forward-signals.ts';
import { followTerminalSize } from '#cli/streams/terminal-size.ts';

export const start: Command = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [
    bool('a, attach', 'Attach STDOUT/STDERR and forward signals'),
    bool('i, interactive', "Attach container's STDIN"),
    string('detach-keys', 'Override the key sequence for detaching a container'),
  ],
  async run(context) {
    const { flags, operands } = context;
    if (!flags.bool('attach') && !flags.bool('interactive')) return startAll(context);
    if (operands.length > 1) throw new Error('you cannot start and attach multiple containers at once');
    return startAttached(context, operands[0] ?? '');
  },
};

async function startAll(context: CommandContext): Promise<number> {
  const failed: string[] = [];
  for (const ref of context.operands) {
    try {
      await context.engine.containers.start(ref);
      printLine(context, ref);
    } catch (error) {
      warnLine(context, (error as Error).message);
      failed.push(ref);
    }
  }
  if (failed.length > 0) throw new Error(`Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}

async function startAttached(context: CommandContext, ref: string): Promise<number> {
  const { containers } = context.engine;
  const { Id: id, Config: config, HostConfig: host } = await containers.inspect(ref);
  const tty = config.Tty ?? false;
  const stdin = context.flags.bool('interactive') && (config.OpenStdin ?? false);
  using _signals = tty ? undefined : forwardSignals((signal) => containers.kill(id, signal));
  const detachKeys = context.flags.string('detach-keys') || context.config.detachKeys;
  const outputs = { stdin, stdout: true, stderr: true, detachKeys };
  const [socket, waiting] = await Promise.all([
    containers.attach(id, outputs),
    containers.wait(id, host.AutoRemove ? 'removed' : 'next-exit'),
  ]);
  const streaming = connectStreams(socket, { streams: context.streams, tty, ...outputs });
  const exit = awaitExit(context, waiting.result);
  try {
    await containers.start(id);
  } catch (error) {
    socket.destroy();
    await Promise.allSettled([streaming, host.AutoRemove ? waiting.result : undefined]);
    throw error;
  }
  using _size =
    tty && context.streams.stdout.isTTY
      ? followTerminalSize(context.streams, (size) => containers.resize(id, size))
      : undefined;
  return (await streaming) === 'detached' ? 0 : await exit;
}
