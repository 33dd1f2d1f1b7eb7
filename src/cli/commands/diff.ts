// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly, printLine } from '#cli/command.ts';

const KINDS = ['C', 'A', 'D'];

export const diff: Command = {
  operandUsage: 'CONTAINER',
  operands: exactly(1),
  flags: [],
  async run(context) {
    const [ref = ''] = context.operands;
    if (!ref) throw new Error('Container name cannot be empty');
    const changes = (await context.engine.containers.changes(ref)) ?? [];
    for (const { Kind, Path } of changes) printLine(context, `${KINDS[Kind] ?? ''} ${Path}`);
    return 0;
  },
};
