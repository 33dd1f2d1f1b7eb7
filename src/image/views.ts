// SPDX-License-Identifier: Apache-2.0

import type { ImageContext } from '#image/deps.ts';
import {
  booleanFilter,
  checkFilterNames,
  checkPatterns,
  matchesLabelFilters,
  matchesReference,
  timeFilter,
} from '#image/filters.ts';
import type { StoredImage, StoredManifest, StoredTarget } from '#image/image-rows.ts';
import { resolve, toImage } from '#image/resolver.ts';
import type { Filters } from '#model/event.ts';
import type { Image, ImageHistoryRow, ImageView, ManifestView, Platform } from '#model/image.ts';
import { familiarReference, parseReference } from '#oci/reference.ts';

export interface ListOptions {
  all: boolean;
  filters: Filters;
  sharedSize: boolean;
  digests: boolean;
  manifests: boolean;
}

const LIST_FILTERS = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'];

/** The images that stand for a target, newest first. */
export function listImages(context: ImageContext, options: ListOptions): ImageView[] {
  const { filters } = options;
  checkFilterNames(filters, LIST_FILTERS);
  checkPatterns(filters.get('reference') ?? []);
  const dangling = booleanFilter(filters, 'dangling');
  const isInTime = timeFilter(context, filters);
  const uses = options.sharedSize ? context.rows.layerUses() : undefined;
  const views: ImageView[] = [];
  for (const stored of context.rows.images()) {
    if (!isInTime(stored) || !matchesLabelFilters(filters, stored.config.run.labels)) continue;
    const image = withMatchingNames(toImage(context, stored, context.rows.targetsOf(stored.id)[0]), filters);
    if (image === undefined) continue;
    if (dangling !== undefined && dangling !== (image.repoTags.length === 0)) continue;
    views.push(viewOf(context, stored, image, { manifests: options.manifests, ...(uses && { uses }) }));
  }
  return views;
}

/** With only the names that the `reference` filter accepts; `undefined` if it accepts none. */
function withMatchingNames(image: Image, filters: Filters): Image | undefined {
  const patterns = filters.get('reference');
  if (patterns === undefined) return image;
  const accepts = (name: string): boolean => matchesReference(patterns, parseReference(name));
  const repoTags = image.repoTags.filter(accepts);
  const repoDigests = image.repoDigests.filter(accepts);
  return repoTags.length + repoDigests.length === 0 ? undefined : { ...image, repoTags, repoDigests };
}

export function inspectImage(
  context: ImageContext,
  ref: string,
  options: { platform?: Platform; manifests: boolean },
): ImageView {
  const { image, target } = resolve(context, ref, options.platform);
  return viewOf(context, image, toImage(context, image, target), { manifests: options.manifests });
}

function viewOf(
  context: ImageContext,
  stored: StoredImage,
  image: Image,
  options: { manifests: boolean; uses?: ReadonlyMap<string, number> },
): ImageView {
  return {
    image,
    containers: context.users.usersOf(image.id).length,
    sharedSizeBytes: options.uses === undefined ? -1 : sharedSize(context, stored.id, options.uses),
    manifests: options.manifests
      ? context.rows.targetsOf(image.id).flatMap((target) => manifestViews(context, target))
      : [],
    graph: graphOf(context, stored.id),
  };
}

function sharedSize({ rows, layers }: ImageContext, imageId: string, uses: ReadonlyMap<string, number>): number {
  let sizeBytes = 0;
  for (const chainId of rows.chainIdsOf(imageId)) {
    if ((uses.get(chainId) ?? 0) > 1) sizeBytes += layers.get(chainId)?.sizeBytes ?? 0;
  }
  return sizeBytes;
}

const manifestViews = (context: ImageContext, target: StoredTarget): ManifestView[] =>
  context.rows.manifestsOf(target.digest).map((manifest) => manifestView(context, manifest));

function manifestView({ rows, users }: ImageContext, manifest: StoredManifest): ManifestView {
  const { digest, mediaType, sizeBytes, kind, platform, imageId, contentBytes } = manifest;
  return {
    digest,
    mediaType,
    sizeBytes,
    available: imageId !== undefined,
    kind,
    ...(platform && { platform }),
    contentSizeBytes: contentBytes,
    unpackedSizeBytes: imageId === undefined ? 0 : (rows.image(imageId)?.sizeBytes ?? 0),
    containers: imageId === undefined ? [] : users.usersOf(imageId).map(({ id }) => id),
  };
}

function graphOf({ rows, layers }: ImageContext, imageId: string): ImageView['graph'] {
  const top = rows.chainIdsOf(imageId).at(-1);
  if (top === undefined || layers.get(top) === undefined) return { driver: 'overlay2', data: {} };
  const [upper = '', ...lower] = layers.lowerDirectories(top);
  return { driver: 'overlay2', data: { ...(lower.length > 0 && { LowerDir: lower.join(':') }), UpperDir: upper } };
}

/** Newest first. Only the last step has an ID: images in between are not kept. */
export function imageHistory(context: ImageContext, ref: string, platform?: Platform): ImageHistoryRow[] {
  const { rows, layers } = context;
  const { image } = resolve(context, ref, platform);
  const chainIds = rows.chainIdsOf(image.id);
  const tags = rows
    .referencesOf(image.id)
    .map(({ name }) => parseReference(name))
    .filter(({ digest }) => digest === undefined);
  let layer = 0;
  const history = image.config.history.map((item): ImageHistoryRow => {
    const chainId = item.emptyLayer ? undefined : chainIds[layer++];
    return {
      id: '<missing>',
      ...(item.created && { created: item.created }),
      createdBy: item.createdBy,
      tags: [],
      sizeBytes: (chainId && layers.get(chainId)?.sizeBytes) || 0,
      comment: item.comment,
    };
  });
  const top = history.at(-1);
  if (top !== undefined) Object.assign(top, { id: image.id, tags: tags.map(familiarReference) });
  return history.reverse();
}
