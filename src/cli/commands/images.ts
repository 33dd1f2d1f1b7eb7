// SPDX-License-Identifier: Apache-2.0
import { atMost, type Command, type CommandContext, warnLine } from '#cli/command.ts';
import { describeTree } from '#cli/commands/image-tree.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { isTableFormat, renderRows } from '#cli/format/render.ts';
import { addFilter, filterFlag, readFilters } from '#cli/options/filters.ts';
import { TABLE_FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { IMAGE_TITLES, imageRows } from '#cli/rows/image-row.ts';

const CREATED = '{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}';
const TABLE = `table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t${CREATED}\t{{.Size}}`;
const DIGEST_TABLE = `table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t${CREATED}\t{{.Size}}`;
const rawFormat = (digest: string): string => `repository: {{ .Repository }}
tag: {{.Tag}}
${digest}image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`;

export const images: Command = {
  operandUsage: '[OPTIONS] [REPOSITORY[:TAG]]',
  operands: atMost(1),
  flags: [
    bool('a, all', 'Show all images (default hides intermediate images)'),
    bool('digests', 'Show digests'),
    filterFlag(),
    string('format', TABLE_FORMAT_USAGE),
    bool('no-trunc', "Don't truncate output"),
    bool('q, quiet', 'Only show image IDs'),
    bool('tree', 'List multi-platform images as a tree (EXPERIMENTAL)'),
  ],
  async run(context) {
    const { config, engine, flags, operands, streams } = context;
    const filters = readFilters(flags);
    const [name] = operands;
    if (name) addFilter(filters, 'reference', name);
    if (flags.bool('tree')) return printTree(context, filters);
    const found = await engine.images.list({ all: flags.bool('all'), filters });
    const quiet = flags.bool('quiet');
    const digests = flags.bool('digests');
    const format = resolveFormat(flags.string('format') || (quiet ? '' : config.imagesFormat), quiet, digests);
    const withDigests = digests || format.includes('{{.Digest}}');
    const rows = found.flatMap((image) =>
      imageRows(image, { truncate: !flags.bool('no-trunc'), withDigests, digestRows: digests }),
    );
    streams.stdout.write(renderRows(format, IMAGE_TITLES, rows));
    if (name && found.length === 0 && context.path === 'images') hintAtCommand(context, name);
    return 0;
  },
};

function resolveFormat(format: string, quiet: boolean, digests: boolean): string {
  switch (format) {
    case '':
    case 'table':
      return quiet ? '{{.ID}}' : digests ? DIGEST_TABLE : TABLE;
    case 'raw':
      return quiet ? 'image_id: {{.ID}}' : rawFormat(digests ? 'digest: {{.Digest}}\n' : '');
    default: {
      const addsDigest = isTableFormat(format) && digests && !format.includes('{{.Digest}}');
      return addsDigest ? `${format}\t{{.Digest}}` : format;
    }
  }
}

/** `hoy images ls` looks for an image named `ls`. */
function hintAtCommand(context: CommandContext, name: string): void {
  if (!context.entries.some((entry) => entry.names.includes(`image ${name}`))) return;
  warnLine(context, `\nNo images found matching "${name}": did you mean "hoy image ${name}"?`);
}

async function printTree(context: CommandContext, filters: Map<string, string[]>): Promise<number> {
  const { engine, flags, streams } = context;
  for (const [flag, shown] of [
    ['quiet', 'quiet'],
    ['no-trunc', 'no-trunc'],
    ['digests', 'show-digest'],
    ['format', 'format'],
  ]) {
    if (flag && flags.isGiven(flag)) throw new Error(`--${shown} is not yet supported with --tree`);
  }
  const found = await engine.images.list({ all: flags.bool('all'), filters, manifests: true });
  streams.stdout.write(describeTree(found));
  return 0;
}
