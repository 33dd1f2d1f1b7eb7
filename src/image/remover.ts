// SPDX-License-Identifier: Apache-2.0
import { conflict, type EngineError, invalidParameter, isEngineError } from '#core/errors.ts';
import { shortId } from '#core/ids.ts';
import { announce } from '#image/announce.ts';
import { writeIndex } from '#image/committer.ts';
import { type ImageContext, STORE } from '#image/deps.ts';
import { booleanFilter, checkFilterNames, matchesLabelFilters, parseUntil } from '#image/filters.ts';
import type { StoredImage } from '#image/image-rows.ts';
import { type Resolved, resolve } from '#image/resolver.ts';
import type { Filters } from '#model/event.ts';
import type { ImageDeletion, Platform } from '#model/image.ts';
import { familiarReference, parseReference, type Reference, repositoryOf } from '#oci/reference.ts';

export interface RemoveOptions {
  force: boolean;
  prune: boolean;
  platforms: Platform[];
}

/**
 * Removes a reference, and with the last one the image: Docker's rules and words. A running container's image can't be
 * removed at all, a stopped one's only by force; its layers stay as long as the container needs them.
 */
export function removeImage(context: ImageContext, ref: string, options: RemoveOptions): Promise<ImageDeletion[]> {
  return context.mutex.run(STORE, async () => {
    const [platform, ...others] = options.platforms;
    if (others.length > 0) throw invalidParameter('multiple platforms are not supported');
    const resolved = resolve(context, ref, platform);
    // All platforms of an index go together: what stands for the target is what is removed.
    const removal = new Removal(context, resolved.target.imageId, options.force);
    const wasRemoved = isIdPrefix(resolved, ref) ? removal.byId() : removal.byReference(ref, resolved.reference);
    if (wasRemoved) await removal.collect();
    await writeIndex(context);
    return removal.deletions;
  });
}

const isIdPrefix = ({ image, reference }: Resolved, ref: string): boolean =>
  reference === undefined || image.id.startsWith(ref) || image.id.slice('sha256:'.length).startsWith(ref);

class Removal {
  readonly deletions: ImageDeletion[] = [];
  readonly #context: ImageContext;
  readonly #imageId: string;
  readonly #force: boolean;
  /** Layers of the image and of those that go with it, top first. */
  #chainIds: string[] = [];

  constructor(context: ImageContext, imageId: string, force: boolean) {
    this.#context = context;
    this.#imageId = imageId;
    this.#force = force;
  }

  /** Returns whether the image itself went. */
  byReference(ref: string, reference: Reference | undefined): boolean {
    if (reference === undefined) return this.byId();
    const users = this.#context.users.usersOf(this.#imageId);
    const [user] = users;
    if (!this.#force && user !== undefined && isSingleReference(this.#references())) {
      throw conflict(
        `conflict: unable to remove repository reference ${JSON.stringify(ref)} (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(this.#imageId)}`,
      );
    }
    this.#untag(reference);
    this.#untagLeftDigests(reference);
    if (this.#references().length > 0) return false;
    return this.#removeQuietly();
  }

  byId(): boolean {
    if (isSingleReference(this.#references())) {
      this.#throwConflict({ references: false });
      for (const reference of this.#references()) this.#untag(reference);
    }
    this.#throwConflict({ references: true });
    this.#remove();
    return true;
  }

  /** A name was removed on the way: that the image itself has to stay is then no error. */
  #removeQuietly(): boolean {
    const problem = this.#conflict({ references: true });
    if (problem !== undefined) return false;
    this.#remove();
    return true;
  }

  #references(): Reference[] {
    return this.#context.rows.referencesOf(this.#imageId).map(({ name }) => parseReference(name));
  }

  #untag(reference: Reference): void {
    this.#context.rows.removeReference(
      `${repositoryOf(reference)}${reference.digest ? `@${reference.digest}` : `:${reference.tag}`}`,
    );
    this.deletions.push({ untagged: familiarReference(reference) });
    announce(this.#context, 'untag', this.#imageId, this.#imageId);
  }

  /** Digests of a repository go with its last tag. */
  #untagLeftDigests(removed: Reference): void {
    if (removed.digest !== undefined) return;
    const same = this.#references().filter((other) => repositoryOf(other) === repositoryOf(removed));
    if (same.every(({ digest }) => digest !== undefined)) for (const reference of same) this.#untag(reference);
  }

  #throwConflict(consider: { references: boolean }): void {
    const problem = this.#conflict(consider);
    if (problem !== undefined) throw problem;
  }

  /** What forbids the removal: a running container always, the rest unless it is forced. */
  #conflict({ references }: { references: boolean }): EngineError | undefined {
    const users = this.#context.users.usersOf(this.#imageId);
    const running = users.find((user) => user.running);
    if (running)
      return this.#refusal('cannot be forced', `image is being used by running container ${shortId(running.id)}`);
    if (this.#force) return undefined;
    if (references && this.#references().length > 0)
      return this.#refusal('must be forced', 'image is referenced in multiple repositories');
    const [stopped] = users;
    return (
      stopped && this.#refusal('must be forced', `image is being used by stopped container ${shortId(stopped.id)}`)
    );
  }

  #refusal(force: string, why: string): EngineError {
    return conflict(`conflict: unable to delete ${shortId(this.#imageId)} (${force}) - ${why}`);
  }

  #remove(): void {
    const { rows } = this.#context;
    for (const reference of this.#references()) this.#untag(reference);
    const siblings = rows
      .targetsOf(this.#imageId)
      .flatMap(({ digest }) => rows.manifestsOf(digest).flatMap(({ imageId }) => imageId ?? []));
    this.#chainIds = [...new Set([this.#imageId, ...siblings])].flatMap((id) => rows.chainIdsOf(id).reverse());
    announce(this.#context, 'delete', this.#imageId, this.#imageId);
    rows.removeImage(this.#imageId);
    this.deletions.push({ deleted: this.#imageId });
  }

  /** Removes layers and blobs that nothing else needs. */
  async collect(): Promise<void> {
    const removed = await removeLayers(this.#context, this.#chainIds);
    for (const chainId of removed) this.deletions.push({ deleted: chainId });
    await collectBlobs(this.#context);
  }
}

/** Whether all names are of one repository, with one tag at most. */
function isSingleReference(references: Reference[]): boolean {
  const tags = references.filter(({ digest }) => digest === undefined);
  return references.length > 0 && tags.length <= 1 && new Set(references.map(repositoryOf)).size === 1;
}

/** Removes those of the layers that no image has and nothing stands on; returns them. */
export async function removeLayers({ rows, layers }: ImageContext, chainIds: readonly string[]): Promise<string[]> {
  const uses = rows.layerUses();
  const removed: string[] = [];
  for (const chainId of new Set(chainIds)) {
    if (uses.has(chainId) || layers.get(chainId) === undefined || !layers.isUnused(chainId)) continue;
    await layers.remove(chainId);
    removed.push(chainId);
  }
  return removed;
}

/** Deletes blobs that belong to no image and no layer. */
export async function collectBlobs({ rows, layers, content }: ImageContext): Promise<void> {
  await content.collect(rows.allBlobs().union(new Set(layers.blobDigests())));
}

/** Removes layers that are in no image, from the top down, as far as no container stands on them. */
export async function sweepLayers(context: ImageContext): Promise<void> {
  for (;;) {
    const removed = await removeLayers(
      context,
      context.layers.list().map(({ chainId }) => chainId),
    );
    if (removed.length === 0) return;
  }
}

export interface PruneReport {
  deleted: ImageDeletion[];
  reclaimedBytes: number;
}

const PRUNE_FILTERS = ['dangling', 'label', 'label!', 'until'];

/** Removes images without a name (or, with `dangling=false`, all) that no container uses. */
export async function pruneImages(context: ImageContext, filters: Filters): Promise<PruneReport> {
  checkFilterNames(filters, PRUNE_FILTERS);
  const danglingOnly = booleanFilter(filters, 'dangling') ?? true;
  const until = filters.get('until') ?? [];
  if (until.length > 1) throw invalidParameter('more than one until filter specified');
  const untilMs = until.map((text) => parseUntil(text, context.clock.now()).getTime());
  const isChosen = ({ config }: StoredImage): boolean =>
    matchesLabelFilters(filters, config.run.labels) &&
    untilMs.every((ms) => (config.created?.getTime() ?? Number.POSITIVE_INFINITY) <= ms);
  const sizes = new Map(context.layers.list().map(({ chainId, sizeBytes }) => [chainId, sizeBytes]));
  const deleted: ImageDeletion[] = [];
  for (const image of context.rows.images().filter(isChosen))
    deleted.push(...(await pruneImage(context, image, danglingOnly)));
  await context.mutex.run(STORE, () => sweepLayers(context));
  const reclaimedBytes = deleted.reduce(
    (sum, entry) => sum + ('deleted' in entry ? (sizes.get(entry.deleted) ?? 0) : 0),
    0,
  );
  context.events.emit({
    type: 'image',
    action: 'prune',
    actor: { id: '', attributes: { reclaimed: `${reclaimedBytes}` } },
  });
  return { deleted, reclaimedBytes };
}

async function pruneImage(context: ImageContext, image: StoredImage, danglingOnly: boolean): Promise<ImageDeletion[]> {
  const references = context.rows.referencesOf(image.id).map(({ name }) => parseReference(name));
  if (danglingOnly && references.some(({ digest }) => digest === undefined)) return [];
  const refs = references.length === 0 ? [image.id] : references.map(familiarReference);
  const deletions: ImageDeletion[] = [];
  for (const ref of refs) {
    try {
      deletions.push(...(await removeImage(context, ref, { force: false, prune: true, platforms: [] })));
    } catch (error) {
      if (!isEngineError(error, 'conflict') && !isEngineError(error, 'not-found')) throw error;
    }
  }
  return deletions;
}
