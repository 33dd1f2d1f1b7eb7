// SPDX-License-Identifier: Apache-2.0

import type { ImageBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { FILTER_NAMES, readFilters } from '#api/filters.ts';
import { platformFromJson, platformsFrom } from '#api/platform.ts';
import type { Router } from '#api/router.ts';
import { invalidParameter } from '#core/errors.ts';
import type { ImageDeletion } from '#model/image.ts';
import type { ImageDeleteResponseItem } from '#wire/types.gen.ts';
import { toHistoryRow, toImageInspect, toImageSummary } from './image-json.ts';
import { parseRepoTag } from './repo-tag.ts';

/** Images in the local store. What moves whole archives is in `transfer.ts`. */
export function imageRoutes(router: Router, images: ImageBackend): void {
  router.get('/images/json', (call) => list(call, images));
  router.post('/images/prune', async (call) => {
    const { deleted, reclaimedBytes } = await images.prune(readFilters(call.query, FILTER_NAMES.imagesPrune));
    call.json(200, { ImagesDeleted: deleted.map(toDeletion), SpaceReclaimed: reclaimedBytes });
  });
  router.get('/images/{name}/json', (call) => inspect(call, images));
  router.get('/images/{name}/history', async (call) => {
    const platform = call.version.since('1.48') ? platformOf(call) : {};
    const rows = await images.history(call.param('name'), platform);
    call.json(200, rows.map(toHistoryRow));
  });
  router.post('/images/{name}/tag', async (call) => {
    const target = parseRepoTag(call.query.text('repo'), call.query.text('tag'));
    if (!target) throw invalidParameter('repository name must not be empty');
    if (target.repository === 'sha256') {
      throw invalidParameter('refusing to create an ambiguous tag using digest algorithm as name');
    }
    await images.tag(call.param('name'), target);
    call.empty(201);
  });
  router.delete('/images/{name}', async (call) => {
    const { query, version } = call;
    const name = call.param('name');
    if (name.trim() === '') throw invalidParameter('image name cannot be blank');
    const platforms = version.since('1.50') ? platformsFrom(query, 'platforms') : [];
    const deleted = await images.remove(name, {
      force: query.flag('force'),
      prune: !query.flag('noprune'),
      platforms,
    });
    call.json(200, deleted.map(toDeletion));
  });
}

async function list(call: Call, images: ImageBackend): Promise<void> {
  const { query, version } = call;
  const filters = new Map(readFilters(query, FILTER_NAMES.images));
  const pattern = query.text('filter');
  if (version.before('1.25') && pattern !== '' && !filters.has('reference')) filters.set('reference', [pattern]);
  const manifests = version.since('1.47') && query.flag('manifests');
  if (version.since('1.54') && query.flag('identity') && !manifests) {
    throw invalidParameter('conflicting options: identity requires manifests=1');
  }
  const views = await images.list({
    all: query.flag('all'),
    filters,
    sharedSize: version.since('1.42') && query.flag('shared-size'),
    digests: query.flag('digests'),
    manifests,
  });
  call.json(
    200,
    views.map((view) => toImageSummary(view, version)),
  );
}

async function inspect(call: Call, images: ImageBackend): Promise<void> {
  const { query, version } = call;
  const manifests = version.since('1.48') && query.flag('manifests');
  const platform = version.since('1.49') ? platformOf(call) : {};
  if (manifests && platform.platform) {
    throw invalidParameter('conflicting options: manifests and platform options cannot both be set');
  }
  const view = await images.inspect(call.param('name'), { ...platform, manifests });
  call.json(200, toImageInspect(view, version, manifests));
}

function platformOf({ query }: Call): { platform?: ReturnType<typeof platformFromJson> } {
  const text = query.text('platform');
  return text === '' ? {} : { platform: platformFromJson(text) };
}

const toDeletion = (deletion: ImageDeletion): ImageDeleteResponseItem =>
  'untagged' in deletion ? { Untagged: deletion.untagged } : { Deleted: deletion.deleted };
