// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandContext, exactly } from '#cli/command.ts';
import { confirm } from '#cli/commands/confirm.ts';
import { printPruned, removeStopped } from '#cli/commands/prune-containers.ts';
import { removeUnused } from '#cli/commands/prune-images.ts';
import { bool } from '#cli/flags/flag.ts';
import { compareNaturally } from '#cli/format/natural-order.ts';
import { filterFlag, readFilters, withPruneFilters } from '#cli/options/filters.ts';

export const pruneSystem: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    bool('a, all', 'Remove all unused images not just dangling ones'),
    filterFlag('Provide filter values (e.g. "label=<key>=<value>")', 'filter'),
    bool('f, force', 'Do not prompt for confirmation'),
  ],
  async run(context) {
    if (!context.flags.bool('force')) await confirm(context, describe(context));
    const containers = await removeStopped(context);
    printPruned(context, [containers, await removeUnused(context)]);
    return 0;
  },
};

function describe({ config, flags }: CommandContext): string {
  const images = flags.bool('all')
    ? 'all images without at least one container associated to them'
    : 'all dangling images';
  const filters = withPruneFilters(readFilters(flags), config.pruneFilters);
  const shown = ['label', 'label!', 'until']
    .flatMap((name) => (filters.get(name) ?? []).map((value) => `${name}=${value}`))
    .sort(compareNaturally);
  const filterLines =
    shown.length === 0
      ? []
      : ['  Items to be pruned will be filtered with:', ...shown.map((line) => `  - ${line}`), ''];
  return [
    'WARNING! This will remove:',
    '  - all stopped containers',
    `  - ${images}`,
    '',
    ...filterLines,
    'Are you sure you want to continue?',
  ].join('\n');
}
