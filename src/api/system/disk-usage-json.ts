// SPDX-License-Identifier: Apache-2.0

import type { DiskUsage } from '#api/backend.ts';
import { toSummary } from '#api/containers/list-json.ts';
import { toCountedSummary } from '#api/images/image-json.ts';
import type { ApiVersion } from '#api/version.ts';
import type { ContainerView } from '#model/container-view.ts';
import type { ImageView } from '#model/image.ts';

export type UsageType = 'container' | 'image' | 'volume' | 'build-cache';

export interface UsageShape {
  types: ReadonlySet<UsageType>;
  /** Whether the client asked for the items of the newer form (API 1.52). */
  verbose: boolean;
  version: ApiVersion;
}

/**
 * `GET /system/df`. Until 1.51 lists of everything; since 1.52 sums for each type, with the lists only where the client
 * asks for `verbose`, and with the older form beside them where it does not.
 */
export function toDiskUsage(usage: DiskUsage, shape: UsageShape): Record<string, unknown> {
  const { version, verbose } = shape;
  return {
    ...((version.before('1.52') || !verbose) && olderForm(usage, shape)),
    ...(version.since('1.52') && newerForm(usage, shape)),
  };
}

function olderForm(usage: DiskUsage, { types, version }: UsageShape): Record<string, unknown> {
  return {
    ...(types.has('image') && { LayersSize: usage.layersSizeBytes, Images: images(usage, version) }),
    ...(types.has('container') && { Containers: containers(usage, version) }),
    ...(types.has('volume') && { Volumes: [] }),
    ...(types.has('build-cache') && { BuildCache: [] }),
    ...(version.before('1.42') && { BuilderSize: 0 }),
  };
}

function newerForm(usage: DiskUsage, { types, verbose, version }: UsageShape): Record<string, unknown> {
  return {
    ...(types.has('image') && { ImageUsage: { ...imageSums(usage), ...(verbose && items(images(usage, version))) } }),
    ...(types.has('container') && {
      ContainerUsage: { ...containerSums(usage.containers), ...(verbose && items(containers(usage, version))) },
    }),
    ...(types.has('volume') && { VolumeUsage: NOTHING }),
    ...(types.has('build-cache') && { BuildCacheUsage: NOTHING }),
  };
}

const NOTHING = { ActiveCount: 0, TotalCount: 0, Reclaimable: 0, TotalSize: 0 };

const items = (list: unknown[]) => (list.length > 0 ? { Items: list } : {});

const images = ({ images: views }: DiskUsage, version: ApiVersion) =>
  views.map((view) => toCountedSummary(view, version));

function containers({ containers: views }: DiskUsage, version: ApiVersion) {
  const now = new Date();
  return views.map((view) => toSummary(view, version, now));
}

/** What only unused images take is what a prune would give back; layers they share with used ones stay. */
function imageSums({ images: views, layersSizeBytes }: DiskUsage) {
  const inUse = views.filter(({ containers: users }) => users > 0);
  const usedBytes = inUse.reduce((sum, view) => sum + ownBytes(view), 0);
  return {
    ActiveCount: inUse.length,
    TotalCount: views.length,
    Reclaimable: Math.max(layersSizeBytes - usedBytes, 0),
    TotalSize: layersSizeBytes,
  };
}

const ownBytes = ({ image, sharedSizeBytes }: ImageView): number => image.sizeBytes - Math.max(sharedSizeBytes, 0);

function containerSums(views: readonly ContainerView[]) {
  const size = (view: ContainerView) => view.size?.rwBytes ?? 0;
  const isActive = ({ record }: ContainerView) => ['running', 'paused', 'restarting'].includes(record.state.status);
  const total = views.reduce((sum, view) => sum + size(view), 0);
  const active = views.filter(isActive);
  return {
    ActiveCount: active.length,
    TotalCount: views.length,
    Reclaimable: total - active.reduce((sum, view) => sum + size(view), 0),
    TotalSize: total,
  };
}
