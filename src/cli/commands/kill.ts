// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command } from '#cli/command.ts';
import { forEachContainer } from '#cli/commands/each-container.ts';
import { string } from '#cli/flags/flag.ts';

export const kill: Command = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [string('s, signal', 'Signal to send to the container')],
  run: (context) =>
    forEachContainer(context, (ref) => context.engine.containers.kill(ref, context.flags.string('signal'))),
};
