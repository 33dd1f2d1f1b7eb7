// SPDX-License-Identifier: Apache-2.0
import { humanAgo } from '#cli/format/duration.ts';
import { parseFamiliar, truncateId } from '#cli/format/reference.ts';
import { formatGoTime } from '#cli/format/time.ts';
import { humanSize } from '#cli/format/units.ts';
import { Row } from '#cli/template/value.ts';
import type { ImageSummary } from '#client/types.ts';

export const IMAGE_TITLES = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  VirtualSize: 'SIZE',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
};

const NONE = '<none>';

/** A name under which an image is shown. */
export interface ImageName {
  repository: string;
  tag: string;
  digest: string;
}

/** An image under one of its names, in `images` and `system df -v`. */
export function imageRow(image: ImageSummary, name: ImageName, truncate: boolean): Row {
  const known = (bytes: number, size: number): string => (bytes === -1 ? 'N/A' : humanSize(size));
  return new Row('*formatter.imageContext', {
    Containers: () => (image.Containers === -1 ? 'N/A' : String(image.Containers)),
    CreatedAt: () => formatGoTime(image.Created),
    CreatedSince: () => humanAgo(image.Created),
    Digest: () => name.digest,
    ID: () => (truncate ? truncateId(image.Id) : image.Id),
    Repository: () => name.repository,
    SharedSize: () => known(image.SharedSize, image.SharedSize),
    Size: () => humanSize(image.Size, 3),
    Tag: () => name.tag,
    UniqueSize: () => known(Math.min(image.Size, image.SharedSize), image.Size - image.SharedSize),
    VirtualSize: () => humanSize(image.Size),
  });
}

/** All lines for one image: one for each tag, and with `withDigests` one for each tag and digest. */
export function imageRows(
  image: ImageSummary,
  options: { truncate: boolean; withDigests: boolean; digestRows: boolean },
): Row[] {
  const names = isDangling(image) ? [{ repository: NONE, tag: NONE, digest: NONE }] : namesOf(image, options);
  return names.map((name) => imageRow(image, name, options.truncate));
}

export function isDangling({ RepoTags, RepoDigests }: ImageSummary): boolean {
  const tags = RepoTags ?? [];
  const digests = RepoDigests ?? [];
  if (tags.length === 0 && digests.length === 0) return true;
  return tags.length === 1 && tags[0] === '<none>:<none>' && digests.length === 1 && digests[0] === '<none>@<none>';
}

function namesOf(image: ImageSummary, options: { withDigests: boolean; digestRows: boolean }): ImageName[] {
  const tags = byRepository(image.RepoTags ?? [], 'tag');
  const digests = byRepository(image.RepoDigests ?? [], 'digest');
  const tagged = [...tags].flatMap(([repository, repositoryTags]) =>
    repositoryTags.flatMap((tag) => {
      const shown = options.withDigests ? (digests.get(repository) ?? []) : [];
      return (shown.length > 0 ? shown : [NONE]).map((digest) => ({ repository, tag, digest }));
    }),
  );
  const untagged = [...digests]
    .filter(([repository]) => !tags.has(repository))
    .flatMap(([repository, all]) =>
      (options.digestRows ? all : ['']).map((digest) => ({ repository, tag: NONE, digest })),
    );
  return [...tagged, ...untagged];
}

function byRepository(references: readonly string[], part: 'tag' | 'digest'): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const text of references) {
    const reference = parseFamiliar(text);
    if (!reference?.[part]) continue;
    found.set(reference.name, [...(found.get(reference.name) ?? []), reference[part]]);
  }
  return found;
}

/** The first name of an image, for lists with one line an image. */
export function firstName(image: ImageSummary): ImageName {
  const [first] = isDangling(image) ? [] : (image.RepoTags ?? []);
  const reference = first === undefined ? undefined : parseFamiliar(first);
  return { repository: reference?.name ?? NONE, tag: reference?.tag || NONE, digest: '' };
}
