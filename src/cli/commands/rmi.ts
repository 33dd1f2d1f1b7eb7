// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, printLine, warnLine } from '#cli/command.ts';
import { throwJoined } from '#cli/errors.ts';
import { bool, list } from '#cli/flags/flag.ts';
import { platformJson } from '#cli/options/platform.ts';
import { isNotFound } from '#client/errors.ts';

export const rmi: Command = {
  operandUsage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: atLeast(1),
  flags: [
    bool('f, force', 'Force removal of the image'),
    bool('no-prune', 'Do not delete untagged parents'),
    list(
      'platform',
      'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
      undefined,
      { label: 'strings' },
    ),
  ],
  async run(context) {
    const { engine, flags, operands } = context;
    const names = flags.list('platform').flatMap((text) => text.split(','));
    const platforms = names.flatMap((name) => platformJson(name) ?? []);
    const options = { force: flags.bool('force'), noPrune: flags.bool('no-prune'), platforms };
    const errors: Error[] = [];
    for (const ref of operands) {
      try {
        for (const { Deleted, Untagged } of await engine.images.remove(ref, options)) {
          printLine(context, Deleted ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`);
        }
      } catch (error) {
        errors.push(error as Error);
      }
    }
    // What is to be gone by force may be gone already.
    if (!options.force || !errors.every(isNotFound)) throwJoined(errors);
    for (const error of errors) warnLine(context, error.message);
    return 0;
  },
};
