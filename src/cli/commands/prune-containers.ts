// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandContext, exactly, printLine } from '#cli/command.ts';
import { confirm } from '#cli/commands/confirm.ts';
import { bool } from '#cli/flags/flag.ts';
import { humanSize } from '#cli/format/units.ts';
import { filterFlag, readFilters, withPruneFilters } from '#cli/options/filters.ts';

const WARNING = `WARNING! This will remove all stopped containers.
Are you sure you want to continue?`;

/** What was removed, as lines to print, and how much room that made. */
export interface Pruned {
  listing: string;
  reclaimedBytes: number;
}

export const pruneContainers: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    filterFlag('Provide filter values (e.g. "until=<timestamp>")', 'filter'),
    bool('f, force', 'Do not prompt for confirmation'),
  ],
  async run(context) {
    if (!context.flags.bool('force')) await confirm(context, WARNING);
    printPruned(context, [await removeStopped(context)]);
    return 0;
  },
};

export async function removeStopped({ config, engine, flags }: CommandContext): Promise<Pruned> {
  const report = await engine.containers.prune(withPruneFilters(readFilters(flags), config.pruneFilters));
  const deleted = report.ContainersDeleted ?? [];
  if (deleted.length === 0) return { listing: '', reclaimedBytes: 0 };
  return { listing: `Deleted Containers:\n${deleted.join('\n')}\n`, reclaimedBytes: report.SpaceReclaimed };
}

export function printPruned(context: CommandContext, all: readonly Pruned[]): void {
  for (const { listing } of all) if (listing) printLine(context, listing);
  const total = all.reduce((sum, { reclaimedBytes }) => sum + reclaimedBytes, 0);
  printLine(context, `Total reclaimed space: ${humanSize(total)}`);
}
