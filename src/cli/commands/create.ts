// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, printLine } from '#cli/command.ts';
import { createContainer, readContainer } from '#cli/commands/create-container.ts';
import { CONTAINER_FLAGS, creationFlags } from '#cli/options/create-flags.ts';

export const create: Command = {
  operandUsage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  operands: atLeast(1),
  interspersed: false,
  flags: [...CONTAINER_FLAGS, ...creationFlags('creating')],
  async run(context) {
    const body = readContainer(context, 'create');
    printLine(context, await createContainer(context, body));
    return 0;
  },
};
