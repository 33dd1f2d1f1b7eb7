// SPDX-License-Identifier: Apache-2.0
import type { EngineEvent, Filters } from '#model/event.ts';

/** Filters that name the thing an event is about, by the beginning of its ID or name. */
const ACTOR_FILTERS = ['daemon', 'container', 'plugin', 'volume', 'network', 'node', 'service', 'secret', 'config'];

/** Actions with something after a colon; filtered by one of these words alone, any beginning is enough. */
const OPEN_ACTIONS = new Set(['health_status', 'exec_create', 'exec_start']);

/**
 * Which events `docker events --filter …` shows. Of several values of one filter one is enough (of labels all are needed);
 * all filters must agree. Names that aren't filters are passed over, as in Docker.
 */
export function compileEventFilter(filters: Filters): (event: EngineEvent) => boolean {
  const checks: ((event: EngineEvent) => boolean)[] = [];
  const add = (name: string, matches: (event: EngineEvent, values: readonly string[]) => boolean): void => {
    const values = filters.get(name) ?? [];
    if (values.length > 0) checks.push((event) => matches(event, values));
  };
  add('type', ({ type }, values) => values.includes(type));
  add('event', ({ action }, values) => matchesAction(action, values));
  // Every event of ours is one of this engine, and none of a swarm.
  add('scope', (_event, values) => values.includes('local'));
  for (const name of ACTOR_FILTERS) add(name, matchesActor);
  add('image', matchesImage);
  add('label', ({ actor }, values) => values.every((wanted) => hasLabel(actor.attributes, wanted)));
  return (event) => checks.every((matches) => matches(event));
}

function matchesAction(action: string, values: readonly string[]): boolean {
  if (values.includes(action)) return true;
  return values.some((value) => OPEN_ACTIONS.has(value)) && values.some((value) => action.startsWith(value));
}

const matchesActor = ({ actor }: EngineEvent, values: readonly string[]): boolean =>
  values.some((value) => actor.id.startsWith(value) || (actor.attributes.name ?? '').startsWith(value));

/** Events of an image, and of containers made from it; with or without tag. */
function matchesImage({ type, actor }: EngineEvent, values: readonly string[]): boolean {
  const name = (type === 'image' ? actor.attributes.name : actor.attributes.image) ?? '';
  return [actor.id, name, repositoryOf(actor.id), repositoryOf(name)].some((text) => values.includes(text));
}

/** `docker.io/library/busybox:1.36@sha256:…` is `busybox`; what is no reference stays as it is. */
function repositoryOf(reference: string): string {
  if (/^[0-9a-f]{64}$/.test(reference)) return reference;
  const match = /^((?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::[\w.-]+)?(?:@[\w:+.-]+)?$/.exec(reference);
  return match?.[1] ? match[1].replace(/^(?:docker\.io|index\.docker\.io)\/(?:library\/)?/, '') : reference;
}

function hasLabel(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  const key = equals < 0 ? wanted : wanted.slice(0, equals);
  return Object.hasOwn(attributes, key) && (equals < 0 || attributes[key] === wanted.slice(equals + 1));
}
