// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandContext, exactly, terminalSize } from '#cli/command.ts';
import { CliError } from '#cli/errors.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { checkTerminal, connectStreams } from '#cli/streams/attached.ts';
import { forwardSignals } from '#cli/streams/forward-signals.ts';
import { followTerminalSize } from '#cli/streams/terminal-size.ts';
import type { ContainerInspect } from '#client/types.ts';

export const attach: Command = {
  operandUsage: '[OPTIONS] CONTAINER',
  operands: exactly(1),
  flags: [
    string('detach-keys', 'Override the key sequence for detaching a container'),
    bool('no-stdin', 'Do not attach STDIN'),
    bool('sig-proxy', 'Proxy all received signals to the process', true),
  ],
  run: attachToContainer,
};

async function attachToContainer(context: CommandContext): Promise<number> {
  const { engine, flags, streams } = context;
  const [ref = ''] = context.operands;
  const { Id: id, Config: config } = await inspectAttachable(context, ref);
  const tty = config.Tty ?? false;
  checkTerminal(streams, !flags.bool('no-stdin'), tty);
  const waiting = await engine.containers.wait(id, 'not-running');
  const stdin = !flags.bool('no-stdin') && (config.OpenStdin ?? false);
  const detachKeys = flags.string('detach-keys') || context.config.detachKeys;
  using _signals =
    flags.bool('sig-proxy') && !tty ? forwardSignals((signal) => engine.containers.kill(id, signal)) : undefined;
  const socket = await engine.containers.attach(id, { stdin, stdout: true, stderr: true, detachKeys });
  // It may have stopped in between, and then nothing would ever end the stream.
  await inspectAttachable(context, id).catch((error) => {
    socket.destroy();
    throw error;
  });
  using _size = tty && streams.stdout.isTTY ? await redraw(context, id) : undefined;
  const end = await connectStreams(socket, { streams, tty, stdin, stdout: true, stderr: true, detachKeys });
  if (end === 'detached') throw new CliError(1, 'read escape sequence');
  const { StatusCode, Error: failure } = await waiting.result;
  if (failure) throw new Error(failure.Message);
  return StatusCode;
}

async function inspectAttachable(context: CommandContext, ref: string): Promise<ContainerInspect> {
  const container = await context.engine.containers.inspect(ref);
  const { Running, Paused, Restarting } = container.State;
  if (!Running) throw new Error('You cannot attach to a stopped container, start it first');
  if (Paused) throw new Error('You cannot attach to a paused container, unpause it first');
  if (Restarting) throw new Error('You cannot attach to a restarting container, wait until it is running');
  return container;
}

/** A program redraws its screen only when the size changes: one that is off by one, then the right one. */
async function redraw(context: CommandContext, id: string): Promise<Disposable> {
  const { rows, columns } = terminalSize(context.streams);
  const { containers } = context.engine;
  await containers.resize(id, { rows: rows + 1, columns: columns + 1 }).catch(() => {});
  return followTerminalSize(context.streams, (size) => containers.resize(id, size));
}
