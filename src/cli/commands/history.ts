// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly } from '#cli/command.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { renderRows } from '#cli/format/render.ts';
import { TABLE_FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { platformJson } from '#cli/options/platform.ts';
import { HISTORY_TITLES, historyRow } from '#cli/rows/history-row.ts';

const table = (created: string): string => `table {{.ID}}\t{{.${created}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`;

export const history: Command = {
  operandUsage: '[OPTIONS] IMAGE',
  operands: exactly(1),
  flags: [
    string('format', TABLE_FORMAT_USAGE),
    bool('H, human', 'Print sizes and dates in human readable format', true),
    bool('no-trunc', "Don't truncate output"),
    string('platform', 'Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
    bool('q, quiet', 'Only show image IDs'),
  ],
  async run({ engine, flags, operands, streams }) {
    const platform = platformJson(flags.string('platform'), 'invalid platform: ');
    const items = await engine.images.history(operands[0] ?? '', platform);
    const human = flags.bool('human');
    const rows = items.map((item) => historyRow(item, { human, truncate: !flags.bool('no-trunc') }));
    const own = flags.string('format') || 'table';
    const usual = flags.bool('quiet') ? '{{.ID}}' : table(human ? 'CreatedSince' : 'CreatedAt');
    streams.stdout.write(renderRows(own === 'table' ? usual : own, HISTORY_TITLES, rows));
    return 0;
  },
};
