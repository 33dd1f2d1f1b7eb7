// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandContext, exactly } from '#cli/command.ts';
import { confirm } from '#cli/commands/confirm.ts';
import { type Pruned, printPruned } from '#cli/commands/prune-containers.ts';
import { bool } from '#cli/flags/flag.ts';
import { addFilter, filterFlag, readFilters, withPruneFilters } from '#cli/options/filters.ts';

const warning = (what: string): string => `WARNING! This will remove ${what}.
Are you sure you want to continue?`;

export const pruneImages: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    bool('a, all', 'Remove all unused images, not just dangling ones'),
    filterFlag('Provide filter values (e.g. "until=<timestamp>")', 'filter'),
    bool('f, force', 'Do not prompt for confirmation'),
  ],
  async run(context) {
    const { flags } = context;
    const what = flags.bool('all')
      ? 'all images without at least one container associated to them'
      : 'all dangling images';
    if (!flags.bool('force')) await confirm(context, warning(what));
    printPruned(context, [await removeUnused(context)]);
    return 0;
  },
};

export async function removeUnused({ config, engine, flags }: CommandContext): Promise<Pruned> {
  const filters = readFilters(flags);
  addFilter(filters, 'dangling', String(!flags.bool('all')));
  const report = await engine.images.prune(withPruneFilters(filters, config.pruneFilters));
  const deleted = report.ImagesDeleted ?? [];
  if (deleted.length === 0) return { listing: '', reclaimedBytes: 0 };
  const lines = deleted.map(({ Untagged, Deleted }) => (Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`));
  return { listing: `Deleted Images:\n${lines.join('\n')}\n`, reclaimedBytes: report.SpaceReclaimed };
}
