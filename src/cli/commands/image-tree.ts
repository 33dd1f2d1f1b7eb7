// SPDX-License-Identifier: Apache-2.0
import { truncateId } from '#cli/format/reference.ts';
import { alignTabs, LIST_LAYOUT } from '#cli/format/table.ts';
import { humanSize } from '#cli/format/units.ts';
import { isDangling } from '#cli/rows/image-row.ts';
import type { ImageManifest, ImageSummary } from '#client/types.ts';

const IN_USE = 'U';

/** Images with the platforms they hold below each. */
export function describeTree(images: readonly ImageSummary[]): string {
  const header = 'IMAGE\tID\tDISK USAGE\tCONTENT SIZE\tEXTRA';
  const lines = images.toSorted((a, b) => b.Created - a.Created).flatMap(describeImage);
  return alignTabs(`${[header, ...lines].join('\n')}\n`, LIST_LAYOUT);
}

function describeImage(image: ImageSummary): string[] {
  const names = isDangling(image) ? ['<untagged>'] : (image.RepoTags ?? []);
  const platforms = (image.Manifests ?? []).filter((manifest) => manifest.Kind === 'image' && manifest.ImageData);
  const content = platforms.reduce((sum, manifest) => sum + (manifest.Size?.Content ?? 0), 0);
  const used = image.Containers > 0 || platforms.some(isUsed);
  const totals = [truncateId(image.Id), humanSize(image.Size, 3), humanSize(content, 3), used ? IN_USE : ''];
  const [first = '<untagged>', ...others] = names;
  const branches = platforms.map((manifest, index) => describePlatform(manifest, index === platforms.length - 1));
  return [[first, ...totals].join('\t'), ...others.map((name) => [name, ...totals].join('\t')), ...branches];
}

const isUsed = (manifest: ImageManifest): boolean => (manifest.ImageData?.Containers ?? []).length > 0;

function describePlatform(manifest: ImageManifest, isLast: boolean): string {
  const { os = '', architecture = '', variant } = manifest.ImageData?.Platform ?? {};
  const platform = [os, architecture, variant].filter(Boolean).join('/');
  const sizes = manifest.Available
    ? [humanSize(manifest.Size?.Total ?? 0, 3), humanSize(manifest.Size?.Content ?? 0, 3)]
    : ['', ''];
  const cells = [
    `${isLast ? '└─' : '├─'} ${platform}`,
    truncateId(manifest.ID),
    ...sizes,
    isUsed(manifest) ? IN_USE : '',
  ];
  return cells.join('\t');
}
