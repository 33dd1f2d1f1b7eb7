// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly, warnLine } from '#cli/command.ts';

export const rename: Command = {
  operandUsage: 'CONTAINER NEW_NAME',
  operands: exactly(2),
  flags: [],
  async run(context) {
    const [oldName = '', newName = ''] = context.operands.map((operand) => operand.trim());
    if (!oldName || !newName) throw new Error('Error: Neither old nor new names may be empty');
    try {
      await context.engine.containers.rename(oldName, newName);
    } catch (error) {
      warnLine(context, (error as Error).message);
      throw new Error(`Error: failed to rename container named ${oldName}`, { cause: error });
    }
    return 0;
  },
};
