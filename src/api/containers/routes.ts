// SPDX-License-Identifier: Apache-2.0

import type { ContainerBackend, CreateContainer } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { checkDetachKeys } from '#api/detach-keys.ts';
import { FILTER_NAMES, readFilters } from '#api/filters.ts';
import type { Router } from '#api/router.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { LogConfig } from '#model/container.ts';
import type { Resources as WireResources, RestartPolicy as WireRestartPolicy } from '#wire/types.gen.ts';
import { type CreateBody, toCreateContainer } from './create-request.ts';
import { toInspect } from './inspect-json.ts';
import { toSummary } from './list-json.ts';
import type { Mapping } from './mapping.ts';
import { toRestartPolicy } from './restart-policy.ts';
import { checkSignal } from './signals.ts';
import { toResourceChange } from './update-request.ts';

export interface ContainerRouteOptions {
  /** For containers that say nothing about their log. */
  defaultLog: LogConfig;
}

/** Making, changing and looking at containers. Their streams are in files of their own. */
export function containerRoutes(router: Router, containers: ContainerBackend, options: ContainerRouteOptions): void {
  const mappingFor = ({ version }: Call): Mapping => ({ version, defaultLog: options.defaultLog, warnings: [] });

  router.get('/containers/json', (call) => list(call, containers));
  router.post('/containers/create', async (call) => {
    const mapping = mappingFor(call);
    const body = await call.body<CreateBody>('POST /containers/create');
    const request: CreateContainer = toCreateContainer(body, call.query, mapping);
    const { id, warnings } = await containers.create(request);
    call.json(201, { Id: id, Warnings: [...warnings, ...mapping.warnings] });
  });
  router.get('/containers/{id}/json', async (call) => {
    const view = await containers.inspect(call.param('id'), { size: call.query.flag('size') });
    call.json(200, toInspect(view, call.version));
  });
  router.post('/containers/{id}/update', (call) => update(call, containers, mappingFor(call)));
  router.get('/containers/{id}/top', async (call) => {
    const { titles, processes } = await containers.top(call.param('id'), call.query.text('ps_args'));
    call.json(200, { Titles: titles, Processes: processes });
  });
  router.get('/containers/{id}/changes', async (call) => {
    const changes = await containers.changes(call.param('id'));
    call.json(
      200,
      changes.map(({ path, kind }) => ({ Path: path, Kind: CHANGE_KINDS.indexOf(kind) })),
    );
  });
  router.delete('/containers/{id}', async (call) => {
    const { query } = call;
    const what = { force: query.flag('force'), volumes: query.flag('v'), link: query.flag('link') };
    await containers.remove(call.param('id'), what);
    call.empty(204);
  });
  router.post('/containers/prune', async (call) => {
    const { deleted, reclaimedBytes } = await containers.prune(readFilters(call.query, FILTER_NAMES.containersPrune));
    call.json(200, { ContainersDeleted: deleted, SpaceReclaimed: reclaimedBytes });
  });
  lifecycleRoutes(router, containers);
}

/** Docker's numbers for them. */
const CHANGE_KINDS = ['modified', 'added', 'deleted'] as const;

async function list(call: Call, containers: ContainerBackend): Promise<void> {
  const { query, version } = call;
  const views = await containers.list({
    all: query.flag('all'),
    limit: Math.max(query.integer('limit') ?? 0, 0),
    size: query.flag('size'),
    filters: readFilters(query, FILTER_NAMES.containers),
  });
  const now = new Date();
  call.json(
    200,
    views.map((view) => toSummary(view, version, now)),
  );
}

async function update(call: Call, containers: ContainerBackend, mapping: Mapping): Promise<void> {
  type Body = WireResources & { RestartPolicy?: WireRestartPolicy };
  const body = await call.body<Body>('POST /containers/{id}/update');
  const resources = toResourceChange(body, mapping);
  const ref = call.param('id');
  const change = { resources, ...(await restartPolicyChange(ref, body.RestartPolicy, containers)) };
  const { warnings } = await containers.update(ref, change);
  call.json(200, { Warnings: [...warnings, ...mapping.warnings] });
}

async function restartPolicyChange(ref: string, wire: WireRestartPolicy | undefined, containers: ContainerBackend) {
  if (!wire?.Name) return {};
  const { record } = await containers.inspect(ref, { size: false });
  return { restartPolicy: toRestartPolicy(wire, record.config.labels) };
}

/** Calls that move a container from one state to another and answer nothing. */
function lifecycleRoutes(router: Router, containers: ContainerBackend): void {
  const route = (verb: string, act: (call: Call, ref: string) => Promise<void>): void => {
    router.post(`/containers/{id}/${verb}`, async (call) => {
      await act(call, call.param('id'));
      call.empty(204);
    });
  };
  route('start', async (call, ref) => {
    refuseStartBody(call);
    const detachKeys = checkDetachKeys(call.query.text('detachKeys'), 'detach');
    await containers.start(ref, detachKeys === '' ? {} : { detachKeys });
  });
  route('stop', (call, ref) => containers.stop(ref, stopOptions(call)));
  route('restart', (call, ref) => containers.restart(ref, stopOptions(call)));
  route('kill', ({ query }, ref) => containers.kill(ref, query.text('signal') || 'KILL'));
  route('pause', (_call, ref) => containers.pause(ref));
  route('unpause', (_call, ref) => containers.unpause(ref));
  route('rename', async ({ query }, ref) => {
    const name = query.text('name').replace(/^\//, '');
    if (name === '') throw invalidParameter('Neither old nor new names may be empty');
    await containers.rename(ref, name);
  });
  router.post('/containers/{id}/resize', async (call) => {
    const size = { rows: call.query.terminalSide('h', 'height'), columns: call.query.terminalSide('w', 'width') };
    await containers.resize(call.param('id'), size);
    call.empty(200);
  });
}

/** Old clients sent a whole `HostConfig` along; it would be ignored. */
function refuseStartBody({ request, query }: Call): void {
  const smallestObjectBytes = 7;
  const isChunked = request.headers['transfer-encoding'] !== undefined;
  if (isChunked || Number(request.headers['content-length'] ?? 0) > smallestObjectBytes) {
    throw invalidParameter(
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    );
  }
  if (query.text('checkpoint') !== '') {
    throw new EngineError('not-implemented', 'checkpoints are not supported by this version of Hoy');
  }
}

function stopOptions({ query, version }: Call): { signal?: string; timeoutSeconds?: number } {
  const timeoutSeconds = query.integer('t');
  const signal = version.since('1.42') ? query.text('signal') : '';
  return {
    ...(signal !== '' && { signal: checkSignal(signal) }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  };
}
