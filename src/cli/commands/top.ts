// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command } from '#cli/command.ts';
import { alignTabs } from '#cli/format/table.ts';

export const top: Command = {
  operandUsage: 'CONTAINER [ps OPTIONS]',
  operands: atLeast(1),
  interspersed: false,
  flags: [],
  async run({ engine, operands, streams }) {
    const [ref = '', ...psOptions] = operands;
    const { Titles, Processes } = await engine.containers.top(ref, psOptions.join(' '));
    const lines = [Titles, ...(Processes ?? [])].map((cells) => cells.join('\t'));
    streams.stdout.write(alignTabs(`${lines.join('\n')}\n`, { minimumWidth: 20, padding: 3 }));
    return 0;
  },
};
