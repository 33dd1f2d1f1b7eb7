// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext, printLine } from '#cli/command.ts';
import { awaitExit } from '#cli/commands/await-exit.ts';
import { createContainer, readContainer, startFailure } from '#cli/commands/create-container.ts';
import { bool, string } from '#cli/flags/flag.ts';
import type { CreateBody } from '#cli/options/create-body.ts';
import { CONTAINER_FLAGS, creationFlags } from '#cli/options/create-flags.ts';
import { type AttachEnd, checkTerminal, connectStreams } from '#cli/streams/attached.ts';
import { forwardSignals } from '#cli/streams/forward-signals.ts';
import { followTerminalSize } from '#cli/streams/terminal-size.ts';

export const run: Command = {
  operandUsage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  operands: atLeast(1),
  interspersed: false,
  flags: [
    ...CONTAINER_FLAGS,
    ...creationFlags('running'),
    bool('d, detach', 'Run container in background and print container ID'),
    string('detach-keys', 'Override the key sequence for detaching a container'),
    bool('sig-proxy', 'Proxy received signals to the process', true),
  ],
  run: runContainer,
};

async function runContainer(context: CommandContext): Promise<number> {
  const { engine, flags, streams } = context;
  const body = readContainer(context, 'run');
  if (!flags.bool('detach')) checkTerminal(streams, body.AttachStdin, body.Tty);
  else detachBody(context, body);
  const id = await createContainer(context, body).catch((error) => {
    throw startFailure(error);
  });
  using _signals = flags.bool('sig-proxy') ? forwardSignals((signal) => engine.containers.kill(id, signal)) : undefined;
  if (body.AttachStdin || body.AttachStdout || body.AttachStderr) return await runAttached(context, id, body);
  printLine(context, id);
  await engine.containers.start(id).catch((error) => {
    throw startFailure(error);
  });
  return 0;
}

function detachBody(context: CommandContext, body: CreateBody): void {
  if (context.flags.isGiven('attach')) {
    throw new Error('conflicting options: cannot specify both --attach and --detach');
  }
  Object.assign(body, { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false });
}

async function runAttached(context: CommandContext, id: string, body: CreateBody): Promise<number> {
  const { containers } = context.engine;
  const { AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr, Tty: tty } = body;
  const { AutoRemove } = body.HostConfig;
  const detachKeys = context.flags.string('detach-keys') || context.config.detachKeys;
  // Both are there before the container starts, so that none of its output and not its end is missed.
  const [socket, waiting] = await Promise.all([
    containers.attach(id, { stdin, stdout, stderr, detachKeys }),
    containers.wait(id, AutoRemove ? 'removed' : 'next-exit'),
  ]);
  const streaming = connectStreams(socket, { streams: context.streams, tty, stdin, stdout, stderr, detachKeys });
  const exit = awaitExit(context, waiting.result);
  try {
    await containers.start(id);
  } catch (error) {
    socket.destroy();
    await Promise.allSettled([streaming, AutoRemove ? waiting.result : undefined]);
    throw startFailure(error);
  }
  using _size =
    tty && context.streams.stdout.isTTY
      ? followTerminalSize(context.streams, (size) => containers.resize(id, size))
      : undefined;
  return (await endOf(streaming, exit, stdout || stderr)) === 'detached' ? 0 : await exit;
}

/** Output may still come when the exit code is known; with no output attached there is none to wait for. */
async function endOf(streaming: Promise<AttachEnd>, exit: Promise<number>, hasOutput: boolean): Promise<AttachEnd> {
  if (hasOutput) return streaming;
  return Promise.race([streaming, exit.then((): AttachEnd => 'ended')]);
}
