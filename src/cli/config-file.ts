// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is read of the client's configuration, `config.json` in Docker's configuration folder. */
export interface ConfigFile {
  psFormat: string;
  imagesFormat: string;
  statsFormat: string;
  detachKeys: string;
  /** Filters that every prune has: `label=keep`. */
  pruneFilters: string[];
  /** Proxy settings for containers, by engine address or `default`. */
  proxies: Record<string, ProxySettings>;
  headers: Record<string, string>;
}

export interface ProxySettings {
  httpProxy?: string;
  httpsProxy?: string;
  ftpProxy?: string;
  noProxy?: string;
  allProxy?: string;
}

export function configFolder(flag: string, env: Readonly<Record<string, string | undefined>>): string {
  return flag || env.DOCKER_CONFIG || join(homedir(), '.docker');
}

/** Reads the configuration; a missing file is an empty one, and one that can't be read is complained about and ignored. */
export function readConfigFile(folder: string, warn: (message: string) => void): ConfigFile {
  const raw = readJson(join(folder, 'config.json'), warn);
  return {
    psFormat: text(raw.psFormat),
    imagesFormat: text(raw.imagesFormat),
    statsFormat: text(raw.statsFormat),
    detachKeys: text(raw.detachKeys),
    pruneFilters: Array.isArray(raw.pruneFilters) ? raw.pruneFilters.map(text) : [],
    proxies: record<ProxySettings>(raw.proxies),
    headers: record<string>(raw.HttpHeaders),
  };
}

function readJson(path: string, warn: (message: string) => void): Record<string, unknown> {
  try {
    return record(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      warn(`WARNING: Error loading config file: ${path}: ${(error as Error).message}`);
    }
    return {};
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const record = <T>(value: unknown): Record<string, T> =>
  typeof value === 'object' && value !== null ? (value as Record<string, T>) : {};
