// SPDX-License-Identifier: Apache-2.0

/** An image reference as a person sees it: the default registry and its `library/` are not shown. */
export interface FamiliarReference {
  name: string;
  tag: string;
  digest: string;
}

const REFERENCE =
  /^((?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?\/)?([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::([\w][\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$/;

const DEFAULT_REGISTRIES = new Set(['docker.io', 'index.docker.io']);
const IDENTIFIER = /^[0-9a-f]{64}$/;

/** Reads `[REGISTRY/]NAME[:TAG][@DIGEST]`; `undefined` if it is none (an ID is none). */
export function parseFamiliar(text: string): FamiliarReference | undefined {
  const match = REFERENCE.exec(text);
  if (!match || IDENTIFIER.test(text)) return undefined;
  const [, domain = '', path = '', tag = '', digest = ''] = match;
  const registry = domain.replace(/\/$/, '');
  const isRegistry = registry === 'localhost' || /[.:]/.test(registry) || registry !== registry.toLowerCase();
  const name = isRegistry || registry === '' ? path : `${registry}/${path}`;
  if (registry === '' || !isRegistry) return { name: name.replace(/^library\/(?=[^/]+$)/, ''), tag, digest };
  if (DEFAULT_REGISTRIES.has(registry)) return { name: path.replace(/^library\/(?=[^/]+$)/, ''), tag, digest };
  return { name: `${registry}/${path}`, tag, digest };
}

/** What Docker says of a reference it can't read. */
export function referenceError(text: string): Error {
  const lower = text.toLowerCase();
  if (text !== lower && parseFamiliar(lower)) {
    return new Error(`invalid reference format: repository name (${nameOf(text)}) must be lowercase`);
  }
  return new Error('invalid reference format');
}

/** The part of a reference that names the repository within its registry. */
function nameOf(text: string): string {
  const name = text.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = name.split('/');
  const isRegistry = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  if (rest.length === 0) return `library/${name}`;
  return isRegistry ? rest.join('/') : name;
}

/** The 12 digits that Docker shows to people; what is no digest is cut. */
export const truncateId = (id: string): string => id.replace(/^[a-zA-Z0-9]+:/, '').slice(0, 12);
