// SPDX-License-Identifier: Apache-2.0
import { compilePattern, matchPattern } from '#container/guarded-pattern.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import { shortId } from '#core/ids.ts';
import type { ContainerRecord, LogConfig } from '#model/container.ts';

/** How a container's log file grows. */
export interface LogFileOptions {
  /** Rotate before the file exceeds this; 0 is never. */
  maxSizeBytes: number;
  /** Files kept, the current one included. */
  maxFiles: number;
  /** Compress files that were rotated away. */
  compress: boolean;
}

/** Without options a log is bounded, unlike Docker's. */
const JSON_FILE_DEFAULTS: LogFileOptions = { maxSizeBytes: 100_000_000, maxFiles: 10, compress: false };
/** As Docker's driver of this name has them. */
const LOCAL_DEFAULTS: LogFileOptions = { maxSizeBytes: 20_000_000, maxFiles: 5, compress: true };

const ATTRIBUTE_OPTIONS = new Set(['labels', 'labels-regex', 'env', 'env-regex', 'tag']);
const FILE_OPTIONS = new Set(['max-size', 'max-file', 'compress']);
/** Taken for every driver; delivery is always by the shim, which never drops a line. */
const DELIVERY_OPTIONS = new Set(['mode', 'max-buffer-size']);

/** Checks a log configuration with Docker's words and gives it its defaults. */
export function parseLogOptions(config: LogConfig): LogFileOptions {
  checkDelivery(config);
  for (const name of Object.keys(config.options)) {
    if (config.driver === 'none' || DELIVERY_OPTIONS.has(name)) continue;
    const known = FILE_OPTIONS.has(name) || (config.driver === 'json-file' && ATTRIBUTE_OPTIONS.has(name));
    if (!known) throw invalidParameter(`unknown log opt '${name}' for ${config.driver} log driver`);
  }
  for (const name of ['labels-regex', 'env-regex']) checkPattern(config.options[name]);
  checkTag(config.options.tag ?? '');
  return fileOptions(config.options, config.driver === 'local' ? LOCAL_DEFAULTS : defaultsOf(config.options));
}

/** As in Docker, who gives a size and no number of files gets one. */
const defaultsOf = (options: Record<string, string>): LogFileOptions =>
  options['max-size'] === undefined ? JSON_FILE_DEFAULTS : { ...JSON_FILE_DEFAULTS, maxFiles: 1 };

function fileOptions(options: Record<string, string>, defaults: LogFileOptions): LogFileOptions {
  const size = options['max-size'];
  const files = options['max-file'];
  const maxSizeBytes = size === undefined ? defaults.maxSizeBytes : parseMaxSize(size);
  const maxFiles = files === undefined ? defaults.maxFiles : parseMaxFile(files);
  const canCompress = maxFiles > 1 && maxSizeBytes > 0;
  const compress = options.compress === undefined ? defaults.compress && canCompress : parseBoolean(options.compress);
  if (compress && !canCompress) {
    throw invalidParameter('compress cannot be true when max-file is less than 2 or max-size is not set');
  }
  return { maxSizeBytes, maxFiles, compress };
}

function checkDelivery({ options }: LogConfig): void {
  const { mode } = options;
  if (mode !== undefined && !['', 'blocking', 'non-blocking'].includes(mode)) {
    throw invalidParameter(`logger: logging mode not supported: ${mode}`);
  }
  if (options['max-buffer-size'] !== undefined && mode !== 'non-blocking') {
    throw invalidParameter("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
}

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 };

/** `10m`, `1.5 GB`, `100`; `-1` is without limit. */
function parseMaxSize(text: string): number {
  if (text === '-1') return 0;
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (!match) throw invalidParameter(`invalid size: '${text}'`);
  const bytes = Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1));
  if (bytes <= 0 || !Number.isSafeInteger(bytes)) throw invalidParameter('max-size must be a positive number');
  return bytes;
}

/** More files than this would only make rotation slow. */
const MAX_FILES = 1000;

function parseMaxFile(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw invalidParameter(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const files = Number(text);
  if (files < 1) throw invalidParameter('max-file cannot be less than 1');
  if (files > MAX_FILES) throw invalidParameter(`max-file cannot be more than ${MAX_FILES}`);
  return files;
}

function parseBoolean(text: string | undefined): boolean {
  if (text === undefined || /^(0|f|false)$/i.test(text)) return false;
  if (/^(1|t|true)$/i.test(text)) return true;
  throw invalidParameter(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function checkPattern(pattern: string | undefined): void {
  if (pattern && !compilePattern(pattern)) throw invalidParameter(`error parsing regexp: ${JSON.stringify(pattern)}`);
}

/** What `docker logs --details` shows: the labels and variables that the log options name, and the tag. */
export function logAttributes({ id, name, imageId, config, hostConfig }: Logged): Record<string, string> {
  const { options } = hostConfig.logConfig;
  const labels = new Map(Object.entries(config.labels));
  const variables = new Map<string, string>();
  for (const entry of config.env) {
    const equals = entry.indexOf('=');
    if (equals >= 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  const chosen = new Map([
    ...choose(labels, options.labels, options['labels-regex']),
    ...choose(variables, options.env, options['env-regex']),
  ]);
  if (options.tag) chosen.set('tag', expandTag(options.tag, { id, name, imageId, image: config.image }));
  return Object.fromEntries(chosen);
}

type Logged = Pick<ContainerRecord, 'id' | 'name' | 'imageId' | 'config' | 'hostConfig'>;

interface TagFacts {
  id: string;
  name: string;
  imageId: string;
  image: string;
}

/** What a tag may hold in double braces, as in Docker. */
const TAG_FIELDS: Record<string, (of: TagFacts) => string> = {
  ID: ({ id }) => shortId(id),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => shortId(imageId),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ image }) => image,
  DaemonName: () => 'docker',
};

const TAG_FIELD = /\{\{\s*\.(\w+)\s*\}\}/g;

const expandTag = (tag: string, facts: TagFacts): string =>
  tag.replace(TAG_FIELD, (text, field: string) => TAG_FIELDS[field]?.(facts) ?? text);

function checkTag(tag: string): void {
  const rest = tag.replace(TAG_FIELD, (text, field: string) => (Object.hasOwn(TAG_FIELDS, field) ? '' : text));
  if (!rest.includes('{{')) return;
  throw invalidParameter(`unsupported log tag ${JSON.stringify(tag)}: use ${Object.keys(TAG_FIELDS).join(', ')}`);
}

function choose(values: ReadonlyMap<string, string>, names = '', pattern = ''): [string, string][] {
  const wanted = new Set(names.split(',').filter((name) => name !== ''));
  const keys = [...values.keys()];
  const matching = pattern === '' ? [] : matchPattern(pattern, keys);
  return [...values].filter(([name], index) => wanted.has(name) || matching[index]);
}

/** Throws when a container's output was not kept. */
export function checkLogsReadable(config: LogConfig): void {
  if (config.driver === 'none') {
    throw new EngineError('not-implemented', 'configured logging driver does not support reading');
  }
}
