// SPDX-License-Identifier: Apache-2.0
import { booleanFilter, checkFilterNames, matchesLabels, valuesOf } from '#container/filter-values.ts';
import { matchPattern } from '#container/guarded-pattern.ts';
import { compilePortFilter } from '#container/port-filter.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { ContainerRecord, ContainerStatus, Health } from '#model/container.ts';
import type { Filters } from '#model/event.ts';

/** What is looked at of one container; the caller's own, richer view comes back. */
export interface Listed {
  record: ContainerRecord;
  mounts: readonly { name?: string; source: string; destination: string }[];
}

export interface ListFilterDeps {
  /** The container that a full ID or a name stands for. */
  findContainer(ref: string): ContainerRecord | undefined;
  /** IDs of the image that `ref` names and of those built on it; empty when there is none. */
  imageIdsFrom(ref: string): Promise<readonly string[]>;
}

export interface ListOptions {
  all: boolean;
  /** The newest so many, running or not; 0 is without limit. */
  limit: number;
  filters: Filters;
}

type Predicate = (candidate: Listed) => boolean;

const ACCEPTED = new Set(
  'ancestor before exited expose health id is-task isolation label name network publish since status volume'.split(' '),
);

/**
 * `docker ps`: the containers that pass all filters, newest first. Of several values of one filter one is enough, but
 * labels must all be there. Throws Docker's words for a filter or value it doesn't know.
 */
export async function selectContainers<T extends Listed>(
  candidates: readonly T[],
  options: ListOptions,
  deps: ListFilterDeps,
): Promise<T[]> {
  const { filters, limit } = options;
  checkFilterNames(filters, ACCEPTED);
  const predicates = [
    ...statePredicates(filters),
    ...(await identityPredicates(filters, candidates, deps)),
    ...attachmentPredicates(filters),
  ];
  const showAll = options.all || limit > 0 || filters.has('status');
  const selected = between(newestFirst(candidates), filters, deps).filter(
    (candidate) => (showAll || isLive(candidate.record)) && predicates.every((matches) => matches(candidate)),
  );
  return limit > 0 ? selected.slice(0, limit) : selected;
}

const isLive = ({ state }: ContainerRecord): boolean =>
  state.status === 'running' || state.status === 'paused' || state.status === 'restarting';

const newestFirst = <T extends Listed>(candidates: readonly T[]): T[] =>
  candidates.toSorted((a, b) => b.record.createdAt.getTime() - a.record.createdAt.getTime());

/** `before=X`: those made before X; `since=X`: those made after it. */
function between<T extends Listed>(sorted: T[], filters: Filters, deps: ListFilterDeps): T[] {
  const indexOf = (name: 'before' | 'since'): number | undefined => {
    const ref = valuesOf(filters, name).at(-1);
    if (ref === undefined) return undefined;
    const found = deps.findContainer(ref.replace(/^\//, ''));
    if (!found) throw new EngineError('not-found', `No such container: ${ref}`);
    return sorted.findIndex(({ record }) => record.id === found.id);
  };
  const before = indexOf('before');
  const since = indexOf('since');
  return sorted.slice(before === undefined ? 0 : before + 1, since);
}

const STATUSES: readonly ContainerStatus[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];
const HEALTHS: readonly Health['status'][] = ['none', 'starting', 'healthy', 'unhealthy'];

function statePredicates(filters: Filters): Predicate[] {
  const statuses = oneOf(filters, 'status', 'state', STATUSES);
  const healths = oneOf(filters, 'health', 'health', HEALTHS);
  const exitCodes = valuesOf(filters, 'exited').map(parseExitCode);
  const isTask = booleanFilter(filters, 'is-task');
  const predicates: Predicate[] = [];
  if (statuses) predicates.push(({ record }) => statuses.has(record.state.status));
  if (healths) predicates.push(({ record }) => healths.has(record.health?.status ?? 'none'));
  if (exitCodes.length > 0) predicates.push(({ record }) => hasExitedWith(record, exitCodes));
  // No container of ours belongs to a swarm's task.
  if (isTask) predicates.push(() => false);
  return predicates;
}

function oneOf(filters: Filters, name: string, what: string, known: readonly string[]): Set<string> | undefined {
  const values = valuesOf(filters, name);
  for (const value of values) {
    if (known.includes(value)) continue;
    const list = known.join(', ');
    throw invalidParameter(
      `invalid filter '${name}=${value}': invalid value for ${what} (${value}): must be one of ${list}`,
    );
  }
  return values.length > 0 ? new Set(values) : undefined;
}

function parseExitCode(value: string): number {
  if (/^[+-]?\d{1,18}$/.test(value)) return Number(value);
  const why = `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`;
  throw invalidParameter(`invalid filter 'exited=${value}': ${why}`);
}

/** Only a container that ran once has an exit code. */
function hasExitedWith({ state }: ContainerRecord, codes: readonly number[]): boolean {
  return 'finishedAt' in state && state.startedAt !== undefined && !isRestarting(state)
    ? codes.includes(state.exitCode)
    : false;
}

const isRestarting = (state: { status: string }): boolean => state.status === 'restarting';

async function identityPredicates(
  filters: Filters,
  candidates: readonly Listed[],
  deps: ListFilterDeps,
): Promise<Predicate[]> {
  const predicates: Predicate[] = [({ record }) => matchesLabels(filters, 'label', record.config.labels)];
  const ids = valuesOf(filters, 'id');
  if (ids.length > 0) {
    const found = new Set(ids.flatMap((id) => uniquePrefix(candidates, id)));
    predicates.push(({ record }) => found.has(record.id));
  }
  const names = valuesOf(filters, 'name');
  if (names.length > 0) {
    const found = new Set(names.flatMap((name) => idsByName(candidates, name)));
    predicates.push(({ record }) => found.has(record.id));
  }
  const ancestors = valuesOf(filters, 'ancestor');
  if (ancestors.length > 0) {
    const images = new Set((await Promise.all(ancestors.map((ref) => deps.imageIdsFrom(ref)))).flat());
    predicates.push(({ record }) => images.has(record.imageId));
  }
  return predicates;
}

function uniquePrefix(candidates: readonly Listed[], prefix: string): string[] {
  if (prefix === '') return [];
  const found = candidates.filter(({ record }) => record.id.startsWith(prefix)).map(({ record }) => record.id);
  return found.length === 1 ? found : [];
}

/** Names are matched as patterns, with and without the slash that Docker puts before them. */
function idsByName(candidates: readonly Listed[], pattern: string): string[] {
  const plain = candidates.map(({ record }) => record.name);
  const bare = matchPattern(pattern, plain);
  const slashed = matchPattern(
    pattern,
    plain.map((name) => `/${name}`),
  );
  return candidates.filter((_, index) => bare[index] || slashed[index]).map(({ record }) => record.id);
}

function attachmentPredicates(filters: Filters): Predicate[] {
  const predicates: Predicate[] = [];
  const volumes = valuesOf(filters, 'volume');
  if (volumes.length > 0) {
    predicates.push(({ mounts }) =>
      mounts.some((mount) => volumes.includes(mount.destination) || volumes.includes(mount.name || mount.source)),
    );
  }
  const networks = valuesOf(filters, 'network');
  if (networks.length > 0) predicates.push(({ record }) => networks.some((name) => isAttachedTo(record, name)));
  const ports = compilePortFilter(valuesOf(filters, 'publish'), valuesOf(filters, 'expose'));
  if (ports) predicates.push(({ record }) => ports(record));
  return predicates;
}

function isAttachedTo({ networks, hostConfig }: ContainerRecord, name: string): boolean {
  return Object.hasOwn(networks, name) || (Object.keys(networks).length === 0 && hostConfig.networkMode === name);
}
