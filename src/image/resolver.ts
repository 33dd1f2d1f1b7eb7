// SPDX-License-Identifier: Apache-2.0
import { type EngineError, isEngineError, notFound } from '#core/errors.ts';
import type { ImageContext } from '#image/deps.ts';
import type { StoredImage, StoredManifest, StoredTarget } from '#image/image-rows.ts';
import type { Image, Platform } from '#model/image.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { bestForPlatform, formatPlatform, isSamePlatform, platformScore } from '#oci/platform.ts';
import {
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  repositoryOf,
  withDefaultTag,
} from '#oci/reference.ts';

/** What a caller's words lead to. */
export interface Resolved {
  image: StoredImage;
  target: StoredTarget;
  manifest: StoredManifest | undefined;
  /** The stored reference that was meant; absent when the image was named by its ID. */
  reference?: Reference;
}

const HEX = /^[a-f0-9]{1,64}$/;

export const noSuchImage = (name: string): EngineError => notFound(`No such image: ${name}`);

/** Finds an image by reference, digest, ID or the unambiguous start of one, in Docker's order. */
export function resolve({ rows, hostPlatform }: ImageContext, ref: string, platform?: Platform): Resolved {
  const reference = isIdentifier(ref) ? undefined : parseReference(ref);
  const byName = reference && findReference(rows, reference);
  const target = byName?.target ?? findById(rows, ref);
  if (target === undefined) throw noSuchImage(reference ? familiarReference(withDefaultTag(reference)) : ref);
  const { image, manifest } = choose(
    { rows },
    target,
    ref,
    platform ?? (byName && hostPlatform),
    platform !== undefined,
  );
  return { image, target, manifest, ...(byName && { reference: byName.reference }) };
}

const isIdentifier = (ref: string): boolean => isDigest(ref) || /^[a-f0-9]{64}$/.test(ref);

type Rows = Pick<ImageContext, 'rows'>;

function findReference(
  rows: ImageContext['rows'],
  reference: Reference,
): { target: StoredTarget; reference: Reference } | undefined {
  const { digest } = reference;
  const name =
    digest === undefined ? formatReference(withDefaultTag(reference)) : `${repositoryOf(reference)}@${digest}`;
  const found = rows.reference(name);
  const target = rows.target(found?.target ?? '');
  if (target !== undefined) return { target, reference: parseReference(name) };
  if (digest === undefined) return undefined;
  const sameRepository = rows.references().find((row) => row.target === digest && inRepository(row.name, reference));
  const pinned = sameRepository && rows.target(sameRepository.target);
  return pinned && { target: pinned, reference: parseReference(sameRepository.name) };
}

export const inRepository = (name: string, reference: Reference): boolean =>
  repositoryOf(parseReference(name)) === repositoryOf(reference);

function findById(rows: ImageContext['rows'], ref: string): (StoredTarget & { asked?: Digest }) | undefined {
  const hex = ref.replace(/^sha256:/, '');
  if (!HEX.test(hex)) return undefined;
  const byDigest = rows.target(`sha256:${hex}`);
  if (byDigest !== undefined) return byDigest;
  const [id, ...others] = rows.imageIdsByPrefix(hex);
  if (id === undefined || others.length > 0) return undefined;
  const own = rows.targetsOf(id)[0] ?? rows.target(rows.manifestsOfImage(id)[0]?.target ?? '');
  return own && { ...own, asked: id };
}

/**
 * The image of a target that is meant: the one asked for by ID, else the one for the platform, else the one that
 * stands for it.
 */
function choose(
  { rows }: Rows,
  target: StoredTarget & { asked?: Digest },
  ref: string,
  platform: Platform | undefined,
  isStrict: boolean,
): { image: StoredImage; manifest: StoredManifest | undefined } {
  const manifests = rows.manifestsOf(target.digest).filter(({ imageId }) => imageId !== undefined);
  const candidates =
    target.asked === undefined ? manifests : manifests.filter(({ imageId }) => imageId === target.asked);
  const fitting = platform && findFor(platform, candidates);
  if (isStrict && platform !== undefined && fitting === undefined) throw wrongPlatform(rows, target, ref, platform);
  const id = fitting?.imageId ?? target.asked ?? target.imageId;
  const image = rows.image(id);
  if (image === undefined) throw noSuchImage(ref);
  return { image, manifest: fitting ?? manifests.find(({ imageId }) => imageId === id) };
}

const findFor = (platform: Platform, manifests: StoredManifest[]): StoredManifest | undefined =>
  manifests.find((manifest) => manifest.platform && isSamePlatform(platform, manifest.platform)) ??
  bestForPlatform(platform, manifests, (manifest) => manifest.platform ?? { os: '', architecture: '' });

function wrongPlatform(rows: ImageContext['rows'], target: StoredTarget, ref: string, platform: Platform): EngineError {
  const image = rows.image(target.imageId);
  const actual = image ? formatPlatform(image.config.platform) : 'unknown';
  return notFound(
    `image with reference ${ref} was found but its platform (${actual}) does not match the specified platform (${formatPlatform(platform)})`,
  );
}

/** Whether anything in a list of platforms (all of them, if it is empty) asks for this one. */
export const isWanted = (platforms: readonly Platform[], candidate: Platform): boolean =>
  platforms.length === 0 || platforms.some((platform) => platformScore(platform, candidate) > 0);

/** The image as the rest of the engine sees it. */
export function toImage({ rows }: Rows, image: StoredImage, target: StoredTarget | undefined): Image {
  const names = rows.referencesOf(image.id).map(({ name }) => parseReference(name));
  const { config } = image;
  return {
    id: image.id,
    platform: config.platform,
    ...(config.created && { created: config.created }),
    author: config.author,
    config: config.run,
    diffIds: config.diffIds,
    history: config.history,
    sizeBytes: image.sizeBytes,
    repoTags: names.filter(({ digest }) => digest === undefined).map(familiarReference),
    repoDigests: names.filter(({ digest }) => digest !== undefined).map(familiarReference),
    targetDigest: target?.digest ?? image.id,
    ...(image.lastTaggedAt && { lastTaggedAt: image.lastTaggedAt }),
  };
}

/** Like `resolve`, but `undefined` where there is no such image. */
export function resolveIfPresent(context: ImageContext, ref: string): Resolved | undefined {
  try {
    return resolve(context, ref);
  } catch (error) {
    if (isEngineError(error, 'not-found')) return undefined;
    throw error;
  }
}
