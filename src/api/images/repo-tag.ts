// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { familiarName, parseReference, parseTag, withDefaultTag } from '#oci/reference.ts';

/** `repo` and `tag` of a query as one checked name; undefined without `repo`. The tag may also stand in `repo`. */
export function parseRepoTag(repo: string, tag: string): { repository: string; tag: string } | undefined {
  if (repo === '') return undefined;
  const reference = parseReference(repo);
  if (reference.digest !== undefined) throw invalidParameter('cannot import digest reference');
  const tagged = tag === '' ? withDefaultTag(reference) : { ...reference, tag: parseTag(tag) };
  return { repository: familiarName(reference), tag: tagged.tag ?? '' };
}
