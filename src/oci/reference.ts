// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { type Digest, isDigest } from '#oci/digest.ts';

/**
 * Names of images, in the grammar of the distribution project:
 *
 *     reference = name [ ":" tag ] [ "@" digest ]
 *     name      = [ domain "/" ] path-component *( "/" path-component )
 */
export interface Reference {
  /** `docker.io` where none was written. */
  domain: string;
  /** `library/busybox` for `busybox`. */
  path: string;
  tag?: string;
  digest?: Digest;
}

const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[a-fA-F0-9:]+\\])`;
const DOMAIN = `${HOST}(?::[0-9]+)?`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PATH = `${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const TAG_ONLY = new RegExp(`^${TAG}$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const DEFAULT_TAG = 'latest';
const MAX_NAME_LENGTH = 255;
/** Longer than any valid reference; keeps the expressions above away from megabytes. */
const MAX_REFERENCE_LENGTH = 4096;

/** Parses what a person writes, `busybox` or `quay.io/a/b:c@sha256:…`, into its full form. No tag is added. */
export function parseReference(text: string): Reference {
  if (IDENTIFIER.test(text)) {
    throw invalidParameter(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  if (text.length > MAX_REFERENCE_LENGTH) throw invalidParameter('invalid reference format');
  const { domain, remainder } = splitDomain(text);
  const path = remainder.split(':', 1)[0] ?? '';
  if (path.toLowerCase() !== path) {
    throw invalidParameter(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  return parseFull(`${domain}/${remainder}`);
}

function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const domain = isDomain && first !== LEGACY_DEFAULT_DOMAIN ? first : DEFAULT_DOMAIN;
  const remainder = isDomain ? text.slice(slash + 1) : text;
  const isOfficial = domain === DEFAULT_DOMAIN && !remainder.includes('/');
  return { domain, remainder: isOfficial ? `${OFFICIAL_PREFIX}${remainder}` : remainder };
}

function parseFull(text: string): Reference {
  const match = REFERENCE.exec(text);
  if (match === null) {
    throw invalidParameter(
      REFERENCE.test(text.toLowerCase())
        ? 'invalid reference format: repository name must be lowercase'
        : 'invalid reference format',
    );
  }
  const [, domain = '', path = '', tag, digest] = match;
  if (path.length > MAX_NAME_LENGTH) {
    throw invalidParameter('invalid reference format: repository name must not be more than 255 characters');
  }
  return {
    domain,
    path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest: checkDigest(digest) }),
  };
}

function checkDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const isKnown = text.startsWith('sha256:');
  throw invalidParameter(
    `invalid reference format: ${isKnown ? 'invalid checksum digest length' : 'unsupported digest algorithm'}`,
  );
}

/** With `latest` if it has neither tag nor digest. */
export const withDefaultTag = (reference: Reference): Reference =>
  reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference;

/** Domain and path: `docker.io/library/busybox`. */
export const repositoryOf = (reference: Reference): string => `${reference.domain}/${reference.path}`;

/** The repository as people write it: `busybox`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return repositoryOf(reference);
  const { path } = reference;
  const short = path.slice(OFFICIAL_PREFIX.length);
  return path.startsWith(OFFICIAL_PREFIX) && !short.includes('/') ? short : path;
}

const suffix = ({ tag, digest }: Reference): string =>
  `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;

/** The full form: `docker.io/library/busybox:latest`. Two references are the same if and only if these are. */
export const formatReference = (reference: Reference): string => `${repositoryOf(reference)}${suffix(reference)}`;

/** The form people read: `busybox:latest`. */
export const familiarReference = (reference: Reference): string => `${familiarName(reference)}${suffix(reference)}`;

/** Checks the tag that `docker tag` and `docker import` take apart from the repository. */
export function parseTag(text: string): string {
  if (!TAG_ONLY.test(text)) throw invalidParameter('invalid tag format');
  return text;
}

/** The reference for `repository` and `tag` as the API passes them: apart, the tag perhaps empty. */
export function parseRepositoryAndTag(repository: string, tag: string): Reference {
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw invalidParameter('refusing to create a tag with a digest reference');
  return withDefaultTag(tag === '' ? reference : { ...reference, tag: parseTag(tag) });
}
