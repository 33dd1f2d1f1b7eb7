// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly, warnLine } from '#cli/command.ts';
import { bool, integer, string } from '#cli/flags/flag.ts';
import { renderRows } from '#cli/format/render.ts';
import { filterFlag, readFilters } from '#cli/options/filters.ts';
import { TABLE_FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { CONTAINER_TITLES, containerRow } from '#cli/rows/container-row.ts';
import { TemplateError } from '#cli/template/errors.ts';
import { Template } from '#cli/template/template.ts';
import type { ContainerSummary } from '#client/types.ts';

const TABLE = 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';
const RAW = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`;

export const ps: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    bool('a, all', 'Show all containers (default shows just running)'),
    filterFlag(),
    string('format', TABLE_FORMAT_USAGE),
    integer('n, last', 'Show n last created containers (includes all states)', -1),
    bool('l, latest', 'Show the latest created container (includes all states)'),
    bool('no-trunc', "Don't truncate output"),
    bool('q, quiet', 'Only display container IDs'),
    bool('s, size', 'Display total file sizes'),
  ],
  async run(context) {
    const { config, engine, flags, streams } = context;
    const quiet = flags.bool('quiet');
    if (quiet && flags.string('format')) {
      warnLine(context, 'WARNING: Ignoring custom format, because both --format and --quiet are set.');
    }
    const format = flags.string('format') || config.psFormat;
    const asksForSize = format !== '' && checkFormat(format);
    const size = flags.bool('size') || (asksForSize && !quiet && !flags.isGiven('size'));
    const last = flags.number('last');
    const limit = flags.bool('latest') && last === -1 ? 1 : last;
    const containers = await engine.containers.list({
      all: flags.bool('all'),
      limit,
      size,
      filters: readFilters(flags),
    });
    const rows = containers.map((container) => containerRow(container, !flags.bool('no-trunc')));
    streams.stdout.write(renderRows(resolveFormat(format, quiet, size), CONTAINER_TITLES, rows));
    return 0;
  },
};

/** `raw`, `table` or nothing stand for formats of ours. */
export function resolveFormat(format: string, quiet: boolean, size: boolean): string {
  switch (format) {
    case '':
    case 'table':
      return quiet ? '{{.ID}}' : `${TABLE}${size ? '\t{{.Size}}' : ''}`;
    case 'raw':
      return quiet ? 'container_id: {{.ID}}' : `${RAW}${size ? 'size: {{.Size}}\n' : ''}`;
    default:
      return quiet ? '{{.ID}}' : format;
  }
}

const NOBODY: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: null,
  State: '',
  Status: '',
};

/** Tries the template before the engine is asked; tells whether it shows the size, which is costly to find out. */
function checkFormat(format: string): boolean {
  let asksForSize = false;
  const template = explain('failed to parse template', () => new Template(format));
  const row = containerRow(NOBODY, false, () => {
    asksForSize = true;
  });
  explain('failed to execute template', () => template.execute(row));
  return asksForSize;
}

function explain<T>(what: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof TemplateError) throw new TemplateError(`${what}: ${error.message}`);
    throw error;
  }
}
