// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext } from '#cli/command.ts';
import { forEachContainer } from '#cli/commands/each-container.ts';
import { integer, string } from '#cli/flags/flag.ts';

const shared = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [
    string('s, signal', 'Signal to send to the container'),
    integer('time', 'Seconds to wait before killing the container', 0, { deprecated: 'use --timeout instead' }),
    integer('t, timeout', 'Seconds to wait before killing the container'),
  ],
};

export const stop: Command = {
  ...shared,
  async run(context) {
    const options = readOptions(context);
    return forEachContainer(context, (ref) => context.engine.containers.stop(ref, options));
  },
};

export const restart: Command = {
  ...shared,
  async run(context) {
    const options = readOptions(context);
    return forEachContainer(context, (ref) => context.engine.containers.restart(ref, options));
  },
};

function readOptions({ flags }: CommandContext): { signal: string; timeoutSeconds: number | undefined } {
  if (flags.isGiven('time') && flags.isGiven('timeout')) {
    throw new Error('conflicting options: cannot specify both --timeout and --time');
  }
  const name = ['time', 'timeout'].find((flag) => flags.isGiven(flag));
  return { signal: flags.string('signal'), timeoutSeconds: name === undefined ? undefined : flags.number(name) };
}
