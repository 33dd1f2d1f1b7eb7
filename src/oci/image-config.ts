// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import {
  booleanOf,
  type JsonObject,
  objectOf,
  optionalArray,
  optionalInteger,
  optionalObject,
  optionalString,
  parseJsonObject,
  stringList,
  stringMap,
} from '#oci/json.ts';
import { type OciPlatform, parsePlatformObject } from '#oci/platform.ts';

/** An image's config (OCI image specification, "Image Configuration", with Docker's additions). */
export interface ImageConfig {
  platform: OciPlatform;
  created?: Date;
  author: string;
  run: RunConfig;
  diffIds: Digest[];
  history: HistoryItem[];
}

/** How a container of the image runs when nothing else is said. */
export interface RunConfig {
  user: string;
  exposedPorts: string[];
  env: string[];
  entrypoint?: string[];
  cmd?: string[];
  volumes: string[];
  workingDir: string;
  labels: Record<string, string>;
  stopSignal?: string;
  healthcheck?: HealthCheckConfig;
  onBuild: string[];
  shell?: string[];
}

export interface HealthCheckConfig {
  test: string[];
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  startIntervalMs?: number;
  retries?: number;
}

export interface HistoryItem {
  created?: Date;
  createdBy: string;
  author: string;
  comment: string;
  emptyLayer: boolean;
}

/** Overlay takes at most 500 lower directories; Docker's own limit is 125. */
const MAX_LAYERS = 500;
const NS_PER_MS = 1_000_000;

export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const object = parseJsonObject(bytes, 'image config');
  const rootfs = objectOf(object.rootfs, 'image config rootfs');
  const created = dateOf(object.created, 'image config created');
  const diffIds = optionalArray(rootfs.diff_ids, 'image config diff_ids').map(parseDigest);
  if (diffIds.length > MAX_LAYERS)
    throw invalidParameter(`image has ${diffIds.length} layers, at most ${MAX_LAYERS} work`);
  return {
    platform: parsePlatformObject(object, 'image config'),
    ...(created && { created }),
    author: optionalString(object.author, 'image config author') ?? '',
    run: parseRunConfig(optionalObject(object.config, 'image config config')),
    diffIds,
    history: optionalArray(object.history, 'image config history').map(historyItem),
  };
}

function parseRunConfig(object: JsonObject): RunConfig {
  const stopSignal = optionalString(object.StopSignal, 'StopSignal');
  return {
    user: optionalString(object.User, 'User') ?? '',
    exposedPorts: Object.keys(optionalObject(object.ExposedPorts, 'ExposedPorts')),
    env: stringList(object.Env, 'Env'),
    ...optionalList(object.Entrypoint, 'Entrypoint', 'entrypoint'),
    ...optionalList(object.Cmd, 'Cmd', 'cmd'),
    volumes: Object.keys(optionalObject(object.Volumes, 'Volumes')),
    workingDir: optionalString(object.WorkingDir, 'WorkingDir') ?? '',
    labels: stringMap(object.Labels, 'Labels'),
    ...(stopSignal && { stopSignal }),
    ...(object.Healthcheck != null && { healthcheck: healthcheck(objectOf(object.Healthcheck, 'Healthcheck')) }),
    onBuild: stringList(object.OnBuild, 'OnBuild'),
    ...optionalList(object.Shell, 'Shell', 'shell'),
  };
}

const optionalList = <K extends string>(value: unknown, what: string, key: K): { [P in K]?: string[] } =>
  (value == null ? {} : { [key]: stringList(value, what) }) as { [P in K]?: string[] };

function healthcheck(object: JsonObject): HealthCheckConfig {
  const check: HealthCheckConfig = { test: stringList(object.Test, 'Healthcheck Test') };
  const retries = optionalInteger(object.Retries, 'Healthcheck Retries');
  if (retries) check.retries = retries;
  for (const [key, name] of HEALTH_TIMES) {
    const ns = optionalInteger(object[name], `Healthcheck ${name}`);
    if (ns) check[key] = ns / NS_PER_MS;
  }
  return check;
}

const HEALTH_TIMES = [
  ['intervalMs', 'Interval'],
  ['timeoutMs', 'Timeout'],
  ['startPeriodMs', 'StartPeriod'],
  ['startIntervalMs', 'StartInterval'],
] as const;

function historyItem(value: unknown): HistoryItem {
  const object = objectOf(value, 'image config history');
  const created = dateOf(object.created, 'history created');
  return {
    ...(created && { created }),
    createdBy: optionalString(object.created_by, 'history created_by') ?? '',
    author: optionalString(object.author, 'history author') ?? '',
    comment: optionalString(object.comment, 'history comment') ?? '',
    emptyLayer: booleanOf(object.empty_layer, 'history empty_layer'),
  };
}

function dateOf(value: unknown, what: string): Date | undefined {
  const text = optionalString(value, what);
  if (text === undefined || text === '') return undefined;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(date.getTime()))
    throw invalidParameter(`invalid ${what}: ${text.slice(0, 50)}`);
  return date;
}

/** The `config` object of an image's config, in Docker's words; what is not set is left out. */
export function encodeRunConfig(run: RunConfig): Record<string, unknown> {
  const keys = (names: string[]) =>
    names.length > 0 ? Object.fromEntries([...names].sort().map((name) => [name, {}])) : undefined;
  return withoutUndefined({
    User: run.user || undefined,
    ExposedPorts: keys(run.exposedPorts),
    Env: run.env.length > 0 ? run.env : undefined,
    Entrypoint: run.entrypoint,
    Cmd: run.cmd,
    Volumes: keys(run.volumes),
    WorkingDir: run.workingDir || undefined,
    Labels: Object.keys(run.labels).length > 0 ? { ...run.labels } : undefined,
    StopSignal: run.stopSignal,
    Healthcheck: run.healthcheck && encodeHealthcheck(run.healthcheck),
    OnBuild: run.onBuild.length > 0 ? run.onBuild : undefined,
    Shell: run.shell,
  });
}

function encodeHealthcheck(check: HealthCheckConfig): Record<string, unknown> {
  const times = HEALTH_TIMES.map(([key, name]) => [
    name,
    check[key] === undefined ? undefined : check[key] * NS_PER_MS,
  ]);
  return withoutUndefined({ Test: check.test, ...Object.fromEntries(times), Retries: check.retries });
}

/** The whole config's bytes. */
export function encodeImageConfig(config: ImageConfig): Buffer {
  const { platform } = config;
  return Buffer.from(
    JSON.stringify(
      withoutUndefined({
        architecture: platform.architecture,
        variant: platform.variant,
        os: platform.os,
        created: config.created?.toISOString(),
        author: config.author || undefined,
        config: encodeRunConfig(config.run),
        rootfs: { type: 'layers', diff_ids: config.diffIds },
        history: config.history.map((item) =>
          withoutUndefined({
            created: item.created?.toISOString(),
            created_by: item.createdBy || undefined,
            author: item.author || undefined,
            comment: item.comment || undefined,
            empty_layer: item.emptyLayer || undefined,
          }),
        ),
      }),
    ),
  );
}

const withoutUndefined = (object: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** A run configuration in which nothing is set. */
export const emptyRunConfig = (): RunConfig => ({
  user: '',
  exposedPorts: [],
  env: [],
  volumes: [],
  workingDir: '',
  labels: {},
  onBuild: [],
});
