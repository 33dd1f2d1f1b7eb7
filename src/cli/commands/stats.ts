// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext } from '#cli/command.ts';
import { StatsCollector } from '#cli/commands/stats-collector.ts';
import { throwJoined } from '#cli/errors.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { renderRows } from '#cli/format/render.ts';
import { TABLE_FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { STATS_TITLES, statsRow } from '#cli/rows/stats-row.ts';

const COLUMNS = ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'];
const TABLE = `table ${COLUMNS.map((column) => `{{.${column}}}`).join('\t')}`;
const REFRESH_MS = 500;

const HOME = '\x1b[H';
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

export const stats: Command = {
  operandUsage: '[OPTIONS] [CONTAINER...]',
  operands: atLeast(0),
  flags: [
    bool('a, all', 'Show all containers (default shows just running)'),
    string('format', TABLE_FORMAT_USAGE),
    bool('no-stream', 'Disable streaming stats and only pull the first result'),
    bool('no-trunc', 'Do not truncate output'),
  ],
  async run(context) {
    const { engine, flags, operands } = context;
    const stream = !flags.bool('no-stream');
    const collector = new StatsCollector(engine, stream);
    if (operands.length > 0) {
      for (const ref of operands) collector.add(ref);
      await collector.first();
      throwJoined(collector.errors());
    } else {
      await collector.follow(flags.bool('all'));
      await collector.first();
    }
    return stream ? showLive(context, collector) : show(context, collector);
  },
};

function show(context: CommandContext, collector: StatsCollector): number {
  context.streams.stdout.write(render(context, collector));
  return 0;
}

async function showLive(context: CommandContext, collector: StatsCollector): Promise<number> {
  for (;;) {
    const lines = render(context, collector).split('\n');
    context.streams.stdout.write(`${HOME}${lines.map((line) => `${line} ${ERASE_LINE}\n`).join('')}${ERASE_BELOW}`);
    if (await collector.endsWithin(REFRESH_MS)) return 0;
    if (context.operands.length > 0 && collector.all().length === 0) return 0;
  }
}

function render({ config, flags }: CommandContext, collector: StatsCollector): string {
  const format = flags.string('format') || config.statsFormat || 'table';
  const rows = collector.all().map((one) => statsRow(one, !flags.bool('no-trunc')));
  return renderRows(format === 'table' ? TABLE : format, STATS_TITLES, rows);
}
