// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command } from '#cli/command.ts';
import { forEachContainer } from '#cli/commands/each-container.ts';

const shared = { operandUsage: 'CONTAINER [CONTAINER...]', operands: atLeast(1), flags: [] };

export const pause: Command = {
  ...shared,
  run: (context) => forEachContainer(context, (ref) => context.engine.containers.pause(ref)),
};

export const unpause: Command = {
  ...shared,
  run: (context) => forEachContainer(context, (ref) => context.engine.containers.unpause(ref)),
};
