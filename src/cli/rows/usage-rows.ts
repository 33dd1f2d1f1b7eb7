// SPDX-License-Identifier: Apache-2.0
import { humanAgo } from '#cli/format/duration.ts';
import { truncateId } from '#cli/format/reference.ts';
import { humanSize } from '#cli/format/units.ts';
import { joinLabels } from '#cli/rows/labels.ts';
import { Row } from '#cli/template/value.ts';
import type { BuildCacheJson, ContainerSummary, ImageSummary, VolumeJson } from '#client/types.ts';

export const USAGE_TITLES = {
  Type: 'TYPE',
  TotalCount: 'TOTAL',
  Active: 'ACTIVE',
  Size: 'SIZE',
  Reclaimable: 'RECLAIMABLE',
};

interface Usage {
  typeName: string;
  type: string;
  count: number;
  active: number;
  size: number;
  reclaimable: number;
  /** Say also which part of the whole can be reclaimed. */
  withShare: boolean;
}

function usageRow(usage: Usage): Row {
  const { size, reclaimable } = usage;
  return new Row(usage.typeName, {
    Active: () => String(usage.active),
    Reclaimable: () => {
      const share = usage.withShare && size > 0 ? ` (${Math.trunc((reclaimable * 100) / size)}%)` : '';
      return humanSize(reclaimable) + share;
    },
    Size: () => humanSize(size),
    TotalCount: () => String(usage.count),
    Type: () => usage.type,
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function imagesUsage(images: readonly ImageSummary[], layersSize: number): Row {
  const used = images
    .filter((image) => image.Containers !== 0 && image.Size !== -1 && image.SharedSize !== -1)
    .map((image) => image.Size - image.SharedSize);
  return usageRow({
    typeName: '*formatter.diskUsageImagesContext',
    type: 'Images',
    count: images.length,
    active: images.filter((image) => image.Containers > 0).length,
    size: layersSize,
    reclaimable: layersSize - sum(used),
    withShare: true,
  });
}

const ACTIVE_STATES = new Set(['running', 'paused', 'restarting']);

export function containersUsage(containers: readonly ContainerSummary[]): Row {
  const inactive = containers.filter((container) => !ACTIVE_STATES.has(container.State));
  const sizeOf = (some: readonly ContainerSummary[]): number => sum(some.map((container) => container.SizeRw ?? 0));
  return usageRow({
    typeName: '*formatter.diskUsageContainersContext',
    type: 'Containers',
    count: containers.length,
    active: containers.length - inactive.length,
    size: sizeOf(containers),
    reclaimable: sizeOf(inactive),
    withShare: true,
  });
}

export function volumesUsage(volumes: readonly VolumeJson[]): Row {
  const known = volumes.filter((volume) => (volume.UsageData?.Size ?? -1) !== -1);
  const unused = known.filter((volume) => volume.UsageData?.RefCount === 0);
  const sizeOf = (some: readonly VolumeJson[]): number => sum(some.map((volume) => volume.UsageData?.Size ?? 0));
  return usageRow({
    typeName: '*formatter.diskUsageVolumesContext',
    type: 'Local Volumes',
    count: volumes.length,
    active: volumes.filter((volume) => (volume.UsageData?.RefCount ?? 0) > 0).length,
    size: sizeOf(known),
    reclaimable: sizeOf(unused),
    withShare: true,
  });
}

export const buildCacheSize = (caches: readonly BuildCacheJson[]): number =>
  sum(caches.filter((cache) => !cache.Shared).map((cache) => cache.Size));

export function buildCacheUsage(caches: readonly BuildCacheJson[]): Row {
  const size = buildCacheSize(caches);
  const inUse = caches.filter((cache) => cache.InUse && !cache.Shared).map((cache) => cache.Size);
  return usageRow({
    typeName: '*formatter.diskUsageBuilderContext',
    type: 'Build Cache',
    count: caches.length,
    active: caches.filter((cache) => cache.InUse).length,
    size,
    reclaimable: size - sum(inUse),
    withShare: false,
  });
}

export const VOLUME_TITLES = {
  Driver: 'DRIVER',
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
};

export function volumeRow(volume: VolumeJson): Row {
  const columns = {
    Driver: () => volume.Driver,
    Labels: () => joinLabels(volume.Labels),
    Links: () => (volume.UsageData ? String(volume.UsageData.RefCount) : 'N/A'),
    Mountpoint: () => volume.Mountpoint ?? '',
    Name: () => volume.Name,
    Scope: () => volume.Scope ?? '',
    Size: () => (volume.UsageData ? humanSize(volume.UsageData.Size) : 'N/A'),
  };
  return new Row('*formatter.volumeContext', columns, { Label: (name) => volume.Labels?.[name] ?? '' });
}

export const BUILD_CACHE_TITLES = {
  ID: 'CACHE ID',
  Parent: 'PARENT',
  CacheType: 'CACHE TYPE',
  Size: 'SIZE',
  CreatedSince: 'CREATED',
  LastUsedSince: 'LAST USED',
  UsageCount: 'USAGE',
  InUse: 'IN USE',
  Shared: 'SHARED',
  Description: 'DESCRIPTION',
};

export function buildCacheRow(cache: BuildCacheJson, truncate: boolean): Row {
  const ago = (moment: string | null | undefined): string => (moment ? humanAgo(Date.parse(moment) / 1000) : '');
  const parents = (cache.Parents ?? []).join(', ');
  return new Row('*formatter.buildCacheContext', {
    CacheType: () => cache.Type,
    CreatedAt: () => cache.CreatedAt ?? '',
    CreatedSince: () => ago(cache.CreatedAt),
    Description: () => cache.Description ?? '',
    ID: () => (truncate ? truncateId(cache.ID) : cache.ID) + (cache.InUse ? '*' : ''),
    InUse: () => String(cache.InUse),
    LastUsedAt: () => cache.LastUsedAt ?? '',
    LastUsedSince: () => ago(cache.LastUsedAt),
    Parent: () => (truncate ? truncateId(parents) : parents),
    Shared: () => String(cache.Shared),
    Size: () => humanSize(cache.Size, 3),
    UsageCount: () => String(cache.UsageCount ?? 0),
  });
}
