// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly } from '#cli/command.ts';
import { resolveFormat as containerFormat } from '#cli/commands/ps.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { isTableFormat, parseFormat, renderRows, type Titles, templateOf, wrapErrors } from '#cli/format/render.ts';
import { humanSize } from '#cli/format/units.ts';
import { TABLE_FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { CONTAINER_TITLES, containerRow } from '#cli/rows/container-row.ts';
import { firstName, IMAGE_TITLES, imageRow } from '#cli/rows/image-row.ts';
import {
  BUILD_CACHE_TITLES,
  buildCacheRow,
  buildCacheSize,
  buildCacheUsage,
  containersUsage,
  imagesUsage,
  USAGE_TITLES,
  VOLUME_TITLES,
  volumeRow,
  volumesUsage,
} from '#cli/rows/usage-rows.ts';
import { Row } from '#cli/template/value.ts';
import type { BuildCacheJson, ContainerSummary, ImageSummary, VolumeJson } from '#client/types.ts';

const SUMMARY = 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';
const RAW_SUMMARY = `type: {{.Type}}
total: {{.TotalCount}}
active: {{.Active}}
size: {{.Size}}
reclaimable: {{.Reclaimable}}
`;

interface Usage {
  layersSize: number;
  images: ImageSummary[];
  containers: ContainerSummary[];
  volumes: VolumeJson[];
  caches: BuildCacheJson[];
}

export const diskUsage: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [string('format', TABLE_FORMAT_USAGE), bool('v, verbose', 'Show detailed information on space usage')],
  async run({ engine, flags, streams }) {
    const answer = await engine.system.diskUsage();
    const usage: Usage = {
      layersSize: answer.LayersSize ?? 0,
      images: answer.Images ?? [],
      containers: answer.Containers ?? [],
      volumes: answer.Volumes ?? [],
      caches: answer.BuildCache ?? [],
    };
    const format = flags.string('format') || 'table';
    streams.stdout.write(flags.bool('verbose') ? renderDetails(usage, format) : renderSummary(usage, format));
    return 0;
  },
};

function renderSummary(usage: Usage, format: string): string {
  const rows = [
    imagesUsage(usage.images, usage.layersSize),
    containersUsage(usage.containers),
    volumesUsage(usage.volumes),
    buildCacheUsage(usage.caches),
  ];
  const known: Record<string, string> = { table: SUMMARY, raw: RAW_SUMMARY };
  return renderRows(known[format] ?? format, USAGE_TITLES, rows);
}

interface Details {
  Images: Row[];
  Containers: Row[];
  Volumes: Row[];
  BuildCache: Row[];
}

function renderDetails(usage: Usage, format: string): string {
  const truncate = isTableFormat(format);
  const details: Details = {
    Images: usage.images.map((image) => imageRow(image, firstName(image), truncate)),
    // What the image takes is shown with the image.
    Containers: usage.containers.map((container) => containerRow({ ...container, SizeRootFs: 0 }, truncate)),
    Volumes: usage.volumes.map(volumeRow),
    BuildCache: usage.caches.map((cache) => buildCacheRow(cache, truncate)),
  };
  if (format === 'table') return renderTables(details, buildCacheSize(usage.caches));
  const columns = Object.fromEntries(Object.entries(details).map(([name, rows]) => [name, () => rows]));
  const template = parseFormat(format === 'raw' ? rawDetails() : templateOf(format));
  return wrapErrors(() => template.execute(new Row('*formatter.diskUsageContext', columns)));
}

const rawDetails = (): string => `{{range .Images}}type: Image
repository: {{ .Repository }}
tag: {{.Tag}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}

{{end -}}
{{range .Containers}}type: Container
${containerFormat('raw', false, true)}
{{end -}}
{{range .Volumes}}type: Volume
name: {{.Name}}
driver: {{.Driver}}

{{end -}}
{{range .BuildCache}}type: Build Cache
build_cache_id: {{.ID}}
size: {{.Size}}

{{end -}}`;

function renderTables(details: Details, cacheSize: number): string {
  const table = (columns: string, titles: Titles, rows: Row[]): string => {
    const cells = columns.split(' ').map((column) => `{{.${column}}}`);
    return renderRows(`table ${cells.join('\t')}`, titles, rows);
  };
  return [
    'Images space usage:\n\n',
    table('Repository Tag ID CreatedSince Size SharedSize UniqueSize Containers', IMAGE_TITLES, details.Images),
    '\nContainers space usage:\n\n',
    table('ID Image Command LocalVolumes Size RunningFor Status Names', CONTAINER_TITLES, details.Containers),
    '\nLocal Volumes space usage:\n\n',
    table('Name Links Size', VOLUME_TITLES, details.Volumes),
    `\nBuild cache usage: ${humanSize(cacheSize)}\n\n`,
    table('ID CacheType Size CreatedSince LastUsedSince UsageCount Shared', BUILD_CACHE_TITLES, details.BuildCache),
  ].join('');
}
