// SPDX-License-Identifier: Apache-2.0
import { EngineError, invalidParameter } from '#core/errors.ts';
import { type ImageContext, STORE } from '#image/deps.ts';
import type { NewTarget } from '#image/image-rows.ts';
import type { PlannedImage, PlannedTarget } from '#image/plan.ts';
import type { StagedLayer } from '#layer/layer-store.ts';
import type { ReceivedFile } from '#layer/worker-protocol.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import { bestForPlatform } from '#oci/platform.ts';
import { formatReference } from '#oci/reference.ts';

/** The staged form of a layer's file. */
export type StageLayer = (file: ReceivedFile, options?: { again: boolean }) => Promise<StagedLayer>;

/** A layer's diff ID and what was unpacked have to agree. */
export async function stageImage(image: PlannedImage, stage: StageLayer): Promise<StagedLayer[]> {
  const staged = await Promise.all(image.layers.map((file) => stage(file)));
  staged.forEach((layer, i) => {
    const expected = image.config.diffIds[i];
    if (layer.diffId === expected) return;
    throw invalidParameter(
      `invalid diffID for layer ${i}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(layer.diffId)}`,
    );
  });
  return staged;
}

/**
 * Makes targets and their images visible. Files and directories are put in place and synced first, then one transaction
 * writes all rows. Whatever fails, nothing of it is seen, and the files without rows go with the next clean-up.
 */
export async function commitTargets(
  context: ImageContext,
  plans: readonly PlannedTarget[],
  stage: StageLayer,
): Promise<void> {
  const images = plans.flatMap(({ manifests }) => manifests.flatMap(({ image }) => image ?? []));
  for (const plan of plans) representative(context, plan);
  for (const image of images) await stageImage(image, stage);
  await context.mutex.run(STORE, async () => {
    const staged = new Map<Digest, StagedLayer[]>();
    for (const image of images) staged.set(image.id, await restageImage(context, image, stage));
    await placeBlobs(context, plans);
    const stored = new Map<Digest, StoredLayers>();
    for (const [id, layers] of staged) stored.set(id, await commitLayers(context, layers));
    const targets = plans.map((plan): NewTarget => ({ plan, images: stored, imageId: representative(context, plan) }));
    const references = plans.flatMap((plan) =>
      plan.references.map((name) => ({ name: formatReference(name), target: plan.digest })),
    );
    context.rows.insert(targets, references, context.clock.now());
    await writeIndex(context);
  });
}

interface StoredLayers {
  chainIds: string[];
  sizeBytes: number;
}

/** What was found in the store when it was staged may have been removed until the lock was ours. */
async function restageImage({ layers }: ImageContext, image: PlannedImage, stage: StageLayer): Promise<StagedLayer[]> {
  const staged = await stageImage(image, stage);
  if (staged.every((layer) => layers.isStillStaged(layer))) return staged;
  return stageImage(image, (file) => stage(file, { again: true }));
}

/** Every manifest's blobs, also those of layers that were unpacked from another form of them before. */
async function placeBlobs({ content }: ImageContext, plans: readonly PlannedTarget[]): Promise<void> {
  for (const plan of plans) {
    for (const bytes of plan.documents.values()) await content.put(bytes, { sync: false });
    const layers = plan.manifests.flatMap(({ image }) => image?.layers ?? []);
    for (const file of [...layers, ...plan.files]) await content.adopt(file.path, parseDigest(file.digest));
  }
}

async function commitLayers({ layers }: ImageContext, staged: StagedLayer[]): Promise<StoredLayers> {
  const committed = await layers.commit(staged);
  return {
    chainIds: committed.map(({ chainId }) => chainId),
    sizeBytes: committed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** The image for this host, or the first one that is there. */
export function representative({ hostPlatform }: Pick<ImageContext, 'hostPlatform'>, plan: PlannedTarget): Digest {
  const images = plan.manifests.flatMap(({ image }) => image ?? []);
  const image = bestForPlatform(hostPlatform, images, ({ config }) => config.platform) ?? images[0];
  if (image === undefined)
    throw new EngineError('invalid-parameter', 'invalid archive: an index without an image that is in the archive');
  return image.id;
}

/**
 * Brings the layout's `index.json` up to date, for other tools that read the store. What the engine itself needs is in the
 * database: that this fails (a full disk) is no reason to call a change failed that was made.
 */
export async function writeIndex({ content, rows, logger }: ImageContext): Promise<void> {
  const references = rows.references();
  const entries = rows.targets().flatMap(({ digest, mediaType, sizeBytes }) => {
    const descriptor = { digest, mediaType, size: sizeBytes };
    const names = references.filter(({ target }) => target === digest).map(({ name }) => familiar(name));
    return names.length === 0 ? [descriptor] : names.map((name) => ({ ...descriptor, name }));
  });
  await content.writeIndex(entries).catch((error: unknown) => {
    logger.warn({ err: error }, 'the index of the image store could not be written');
  });
}

const familiar = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, '');
