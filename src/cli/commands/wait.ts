// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, printLine } from '#cli/command.ts';
import { throwJoined } from '#cli/errors.ts';

export const wait: Command = {
  operandUsage: 'CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [],
  async run(context) {
    const errors: unknown[] = [];
    for (const ref of context.operands) {
      try {
        const { result } = await context.engine.containers.wait(ref, 'not-running');
        printLine(context, String((await result).StatusCode));
      } catch (error) {
        errors.push(error);
      }
    }
    throwJoined(errors);
    return 0;
  },
};
