// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { STREAM_CHUNK_BYTES } from '#content/blob-store.ts';
import { EngineError, notFound } from '#core/errors.ts';
import { announce } from '#image/announce.ts';
import type { ImageContext } from '#image/deps.ts';
import type { StoredManifest, StoredTarget } from '#image/image-rows.ts';
import { inRepository, isWanted, resolve, resolveIfPresent } from '#image/resolver.ts';
import type { Platform } from '#model/image.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import { parseManifestOrIndex } from '#oci/manifest.ts';
import { OCI_INDEX } from '#oci/media-types.ts';
import { formatPlatform } from '#oci/platform.ts';
import { familiarName, familiarReference, formatReference, parseReference, type Reference } from '#oci/reference.ts';
import { END_OF_ARCHIVE, header, member, padding, tarEntry } from '#tar/writer.ts';

export interface SaveOptions {
  platforms: Platform[];
  signal: AbortSignal;
}

/** A target with the names under which it is saved. */
interface Selected {
  target: StoredTarget;
  manifests: StoredManifest[];
  references: Reference[];
}

/**
 * One tar that is a docker-archive and an OCI layout at once: the same blobs, named by both. The stream is
 * deterministic. What it needs is kept from being deleted until it ends.
 */
export async function save(context: ImageContext, refs: readonly string[], options: SaveOptions): Promise<Readable> {
  const selected = select(context, refs, options.platforms);
  const blobs = new Set(selected.flatMap(({ target }) => context.rows.blobsOf(target.digest)));
  const pins = context.content.pin(blobs);
  try {
    const sizes = new Map<Digest, number>();
    for (const digest of blobs) sizes.set(digest, await sizeOf(context, digest));
    const documents = await archiveDocuments(context, selected);
    const stream = Readable.from(archive(context, sizes, documents), {
      objectMode: false,
      highWaterMark: STREAM_CHUNK_BYTES,
    });
    stream.once('close', () => pins[Symbol.dispose]());
    options.signal.addEventListener('abort', () => stream.destroy(options.signal.reason), { once: true });
    for (const { target } of selected) announce(context, 'save', target.imageId, target.imageId);
    return stream;
  } catch (error) {
    pins[Symbol.dispose]();
    throw error;
  }
}

async function sizeOf({ content }: ImageContext, digest: Digest): Promise<number> {
  const sizeBytes = await content.size(digest);
  if (sizeBytes === undefined) throw new EngineError('internal', `blob ${digest} is missing from the image store`);
  return sizeBytes;
}

function select(context: ImageContext, refs: readonly string[], platforms: Platform[]): Selected[] {
  const selected = new Map<Digest, Selected>();
  for (const ref of refs) {
    for (const { target, reference } of targetsFor(context, ref)) {
      const known = selected.get(target.digest) ?? {
        target,
        manifests: runnable(context, target, platforms),
        references: [],
      };
      selected.set(target.digest, known);
      const isNew =
        reference !== undefined &&
        !known.references.some((other) => formatReference(other) === formatReference(reference));
      if (isNew && reference.digest === undefined) known.references.push(reference);
    }
  }
  return [...selected.values()];
}

/** A bare repository name means all of its tags. */
function targetsFor(context: ImageContext, ref: string): { target: StoredTarget; reference?: Reference }[] {
  const byTag = resolveIfPresent(context, ref);
  if (byTag === undefined || byTag.reference !== undefined) {
    const repository = repositoryTargets(context, ref);
    if (repository.length > 0) return repository;
  }
  const { target, reference } = byTag ?? resolve(context, ref);
  return [{ target, ...(reference && { reference }) }];
}

function repositoryTargets({ rows }: ImageContext, ref: string): { target: StoredTarget; reference: Reference }[] {
  if (/^(sha256:)?[a-f0-9]{64}$/.test(ref)) return [];
  const reference = parseReference(ref);
  if (reference.tag !== undefined || reference.digest !== undefined) return [];
  return rows.references().flatMap(({ name, target: digest }) => {
    const target = inRepository(name, reference) ? rows.target(digest) : undefined;
    return target ? [{ target, reference: parseReference(name) }] : [];
  });
}

function runnable({ rows }: ImageContext, target: StoredTarget, platforms: Platform[]): StoredManifest[] {
  const images = rows.manifestsOf(target.digest).filter(({ imageId }) => imageId !== undefined);
  const wanted = images.filter(({ platform }) => isWanted(platforms, platform ?? { os: '', architecture: '' }));
  if (wanted.length > 0) return wanted;
  throw notFound(`no suitable export target found for platform ${platforms.map(formatPlatform).join(', ')}`);
}

const blobPath = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

interface ArchiveDocument {
  name: string;
  bytes: Buffer;
}

async function archiveDocuments(context: ImageContext, selected: Selected[]): Promise<ArchiveDocument[]> {
  const items: object[] = [];
  const repositories: Record<string, Record<string, string>> = Object.create(null);
  for (const { manifests, references, target } of selected) {
    // Docker's format knows one image for a name: the one that stands for the target, if it is saved.
    const main = manifests.find(({ imageId }) => imageId === target.imageId) ?? manifests[0];
    for (const manifest of main ? [main, ...manifests.filter((other) => other !== main)] : []) {
      const names = manifest === main ? references : [];
      const layers = await layersOf(context, manifest);
      items.push({
        Config: blobPath(manifest.imageId ?? target.imageId),
        RepoTags: names.map(familiarReference),
        Layers: layers.map(blobPath),
      });
      const top = layers.at(-1);
      for (const name of top === undefined ? [] : names) {
        const tags = repositories[familiarName(name)] ?? Object.create(null);
        repositories[familiarName(name)] = { ...tags, [name.tag ?? '']: top === undefined ? '' : hexOf(top) };
      }
    }
  }
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: selected.flatMap(indexEntries) };
  return [
    { name: 'index.json', bytes: json(index) },
    { name: 'manifest.json', bytes: json(items) },
    { name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    ...(Object.keys(repositories).length > 0 ? [{ name: 'repositories', bytes: json(repositories) }] : []),
  ];
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

async function layersOf({ content }: ImageContext, manifest: StoredManifest): Promise<Digest[]> {
  const document = parseManifestOrIndex(await content.read(manifest.digest), manifest.mediaType);
  return document.kind === 'manifest' ? document.layers.map(({ digest }) => digest) : [];
}

function indexEntries({ target, references }: Selected): object[] {
  const descriptor = { mediaType: target.mediaType, digest: target.digest, size: target.sizeBytes };
  if (references.length === 0) return [descriptor];
  return references.map((reference) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': formatReference(reference),
      'org.opencontainers.image.ref.name': reference.tag,
    },
  }));
}

async function* archive(
  context: ImageContext,
  sizes: Map<Digest, number>,
  documents: ArchiveDocument[],
): AsyncGenerator<Buffer> {
  yield Buffer.concat(['blobs/', 'blobs/sha256/'].map((name) => header(tarEntry({ name, type: 'directory' }))));
  for (const [digest, sizeBytes] of sizes) {
    yield header(tarEntry({ name: blobPath(digest), sizeBytes }));
    yield* await context.content.open(digest);
    yield padding(sizeBytes);
  }
  for (const { name, bytes } of documents) yield member(tarEntry({ name }), bytes);
  yield END_OF_ARCHIVE;
}
