// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { announce } from '#image/announce.ts';
import { commitTargets } from '#image/committer.ts';
import { applyChanges } from '#image/config-changes.ts';
import type { ImageContext } from '#image/deps.ts';
import { targetFor } from '#image/docker-archive.ts';
import { Staging } from '#image/staging.ts';
import type { Platform } from '#model/image.ts';
import { emptyRunConfig, encodeImageConfig } from '#oci/image-config.ts';
import { normalizePlatform } from '#oci/platform.ts';
import { familiarReference, parseRepositoryAndTag } from '#oci/reference.ts';

export interface ImportOptions {
  /** `''`: the image gets no name. */
  repository: string;
  tag: string;
  message: string;
  /** Dockerfile instructions that become the image's configuration. */
  changes: string[];
  platform?: Platform;
  signal: AbortSignal;
}

/** Makes an image of one layer from a root file system's tar, and returns its ID. */
export async function importImage(
  context: ImageContext,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<string> {
  const { signal } = options;
  const references = options.repository === '' ? [] : [parseRepositoryAndTag(options.repository, options.tag)];
  const platform = normalizePlatform(options.platform ?? context.hostPlatform);
  if (platform.os !== 'linux')
    throw invalidParameter(`operating system ${JSON.stringify(platform.os)} is not supported`);
  const run = applyChanges(emptyRunConfig(), options.changes);
  await using ingest = await context.content.ingestDirectory();
  await using staging = new Staging(context, signal);
  const file = await context.layers.receiveLayer(source, ingest.path, signal);
  const { diffId } = await staging.stage(file);
  const created = context.clock.now();
  const history = [{ created, createdBy: '', author: '', comment: options.message, emptyLayer: false }];
  const config = encodeImageConfig({ platform, created, author: '', run, diffIds: [diffId], history });
  const target = targetFor(config, [file], references);
  await commitTargets(context, [target], staging.stage);
  const id = target.manifests[0]?.image?.id ?? '';
  const [reference] = references;
  if (reference !== undefined) announce(context, 'tag', id, familiarReference(reference));
  announce(context, 'import', id, id);
  return id;
}
