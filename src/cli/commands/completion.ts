// SPDX-License-Identifier: Apache-2.0
import { type Command, type Entry, exactly } from '#cli/command.ts';
import { bashCompletion, fishCompletion, type WordTree, zshCompletion } from '#cli/completion-scripts.ts';
import { CliError } from '#cli/errors.ts';

const SCRIPTS: Record<string, (tree: WordTree) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export const completion: Command = {
  operandUsage: 'bash|zsh|fish',
  operands: exactly(1),
  flags: [],
  async run({ entries, operands, streams }) {
    const [shell = ''] = operands;
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (!script) throw new CliError(1, `unknown shell: ${shell}: use one of ${Object.keys(SCRIPTS).join(', ')}`);
    streams.stdout.write(script(await collectWords(entries)));
    return 0;
  },
};

/** Every way to call a command, with its flags and what its operands name. */
async function collectWords(entries: readonly Entry[]): Promise<WordTree> {
  const tree: WordTree = { commands: [] };
  for (const entry of entries) {
    const { flags, operandUsage } = await entry.load();
    const words = flags
      .filter((flag) => !flag.isHidden && !flag.deprecated)
      .flatMap((flag) => [`--${flag.name}`, ...(flag.short ? [`-${flag.short}`] : [])]);
    const operand = /\bCONTAINER\b/.test(operandUsage)
      ? 'container'
      : /\bIMAGE\b|REPOSITORY/.test(operandUsage)
        ? 'image'
        : '';
    for (const name of entry.names) tree.commands.push({ name, short: entry.short, flags: words, operand });
  }
  return tree;
}
