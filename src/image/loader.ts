// SPDX-License-Identifier: Apache-2.0

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlobFile } from '#content/blob-store.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import { shortId } from '#core/ids.ts';
import { announce } from '#image/announce.ts';
import { commitTargets, representative } from '#image/committer.ts';
import type { ImageContext } from '#image/deps.ts';
import { DOCKER_MANIFEST_FILE, planDockerArchive } from '#image/docker-archive.ts';
import { LEGACY_REPOSITORIES_FILE, planLegacyArchive } from '#image/legacy-archive.ts';
import { OCI_INDEX_FILE, OCI_LAYOUT_FILE, planOciLayout } from '#image/oci-layout.ts';
import type { PlannedManifest, PlannedTarget } from '#image/plan.ts';
import { reportProgress } from '#image/progress-queue.ts';
import { ReceivedArchive } from '#image/received-archive.ts';
import { isWanted } from '#image/resolver.ts';
import { Staging } from '#image/staging.ts';
import type { Platform, Progress } from '#model/image.ts';
import { familiarReference, formatReference } from '#oci/reference.ts';

export interface LoadOptions {
  platforms: Platform[];
  quiet: boolean;
  signal: AbortSignal;
}

type Report = (progress: Progress) => void;

/**
 * Loads the images of an archive: docker-archive, OCI layout or Docker's first format, compressed or not. The archive
 * is read once, as it streams in; layers are unpacked beside it as soon as they are whole. All of its images appear,
 * or none.
 */
export function load(
  context: ImageContext,
  source: AsyncIterable<Uint8Array>,
  options: LoadOptions,
): AsyncGenerator<Progress> {
  return reportProgress(options.signal, async (report, signal) => {
    await using ingest = await context.content.ingestDirectory();
    await using staging = new Staging(context, signal);
    const archive = await receiveArchive(context, source, ingest.path, staging, signal);
    const plans = wantedTargets(await planTargets(context, archive, ingest.path, staging, signal), options.platforms);
    for (const plan of plans) checkOperatingSystem(plan);
    if (!options.quiet) reportLayers(plans, staging, report);
    const renamed = renamedReferences(context, plans);
    await commitTargets(context, plans, staging.stage);
    for (const line of renamed) report({ stream: line });
    for (const plan of plans) reportLoaded(context, plan, report);
  });
}

async function receiveArchive(
  context: ImageContext,
  source: AsyncIterable<Uint8Array>,
  directory: string,
  staging: Staging,
  signal: AbortSignal,
): Promise<ReceivedArchive> {
  const archive = new ReceivedArchive();
  await context.pool.run(
    { kind: 'receive', form: 'archive', directory, limits: context.layers.limits },
    {
      input: source,
      signal,
      onEvent: (event) => {
        archive.add(event);
        if ('file' in event && event.file.compression !== undefined && event.file.compression !== 'xz')
          staging.begin(event.file);
      },
    },
  );
  return archive;
}

async function planTargets(
  context: ImageContext,
  archive: ReceivedArchive,
  directory: string,
  staging: Staging,
  signal: AbortSignal,
): Promise<PlannedTarget[]> {
  if (archive.find(OCI_INDEX_FILE) && archive.find(OCI_LAYOUT_FILE)) return planOciLayout(archive);
  await expandXzLayers(context, archive, directory, signal);
  if (archive.find(DOCKER_MANIFEST_FILE)) return mergeTargets(await planDockerArchive(archive));
  if (archive.find(LEGACY_REPOSITORIES_FILE)) {
    return mergeTargets(await planLegacyArchive(archive, async (file) => (await staging.stage(file)).diffId));
  }
  throw invalidParameter(`invalid archive: does not contain a ${DOCKER_MANIFEST_FILE}`);
}

/** OCI has no media type for xz: such layers are kept uncompressed. */
async function expandXzLayers(
  context: ImageContext,
  archive: ReceivedArchive,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  for (const name of archive.names()) {
    const file = archive.find(name);
    if (file?.compression !== 'xz') continue;
    const target = await mkdtemp(join(directory, 'xz-'));
    archive.add({ file: { ...(await context.layers.receiveLayer(readBlobFile(file.path), target, signal)), name } });
  }
}

/** An archive may have the same image under several entries. */
function mergeTargets(targets: PlannedTarget[]): PlannedTarget[] {
  const merged = new Map<string, PlannedTarget>();
  for (const target of targets) {
    const known = merged.get(target.digest);
    if (known === undefined) merged.set(target.digest, target);
    else known.references.push(...target.references);
  }
  return [...merged.values()];
}

/**
 * Without the platforms that nobody asked for; an index stays whole, its other images are as if they were not in the
 * archive.
 */
function wantedTargets(targets: PlannedTarget[], platforms: Platform[]): PlannedTarget[] {
  if (platforms.length === 0) return targets;
  const wanted = targets.flatMap((target) => {
    const manifests = target.manifests.map((manifest): PlannedManifest => {
      const { image, ...rest } = manifest;
      return image === undefined || isWanted(platforms, image.config.platform) ? manifest : rest;
    });
    return manifests.some(({ image }) => image !== undefined) ? [{ ...target, manifests }] : [];
  });
  if (wanted.length > 0) return wanted;
  throw new EngineError('not-found', 'requested platform not found: no image in the archive is for it');
}

function checkOperatingSystem(plan: PlannedTarget): void {
  for (const { image } of plan.manifests) {
    const os = image?.config.platform.os ?? 'linux';
    if (os !== 'linux' && os !== '' && plan.manifests.length === 1) {
      throw invalidParameter(`cannot load ${os} image on linux`);
    }
  }
}

function reportLayers(plans: PlannedTarget[], staging: Staging, report: Report): void {
  const seen = new Set<string>();
  for (const { image } of plans.flatMap(({ manifests }) => manifests)) {
    image?.layers.forEach((file, i) => {
      const id = shortId(image.config.diffIds[i] ?? file.digest);
      if (seen.has(id)) return;
      seen.add(id);
      staging.stage(file).then(
        () => report({ status: 'Loading layer', id, current: file.sizeBytes, total: file.sizeBytes }),
        () => {},
      );
    });
  }
}

/** Docker's line for every name that now means something else. */
function renamedReferences({ rows, hostPlatform }: ImageContext, plans: PlannedTarget[]): string[] {
  return plans.flatMap((plan) =>
    plan.references.flatMap((reference) => {
      const old = rows.reference(formatReference(reference));
      if (old === undefined || old.imageId === representative({ hostPlatform }, plan)) return [];
      const name = familiarReference(reference);
      return [`The image ${name} already exists, renaming the old one with ID ${old.imageId} to empty string\n`];
    }),
  );
}

function reportLoaded(context: ImageContext, plan: PlannedTarget, report: Report): void {
  const id = representative(context, plan);
  for (const reference of plan.references) report({ stream: `Loaded image: ${familiarReference(reference)}\n` });
  if (plan.references.length === 0) report({ stream: `Loaded image ID: ${id}\n` });
  announce(context, 'load', id, id);
}
