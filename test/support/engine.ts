// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where an engine under test keeps everything; one directory that can be taken away as a whole. */
export interface Places {
  directory: string;
  dataRoot: string;
  execRoot: string;
  socket: string;
  pidfile: string;
  /** daemon.json; `{}` at first. */
  configFile: string;
}

export interface EngineProgram {
  name: string;
  command: string;
  /** Arguments that select these places. */
  args(places: Places): string[];
  env?: Record<string, string>;
}

export const projectRoot = resolve(import.meta.dirname, '../..');

/** A new directory for one engine. Short, because a socket's path may have 107 bytes only. */
export function newPlaces(): Places {
  const directory = mkdtempSync('/tmp/hoy-t-');
  const configFile = join(directory, 'daemon.json');
  writeFileSync(configFile, '{}');
  return {
    directory,
    configFile,
    dataRoot: join(directory, 'data'),
    execRoot: join(directory, 'exec'),
    socket: join(directory, 'api.sock'),
    pidfile: join(directory, 'hoyd.pid'),
  };
}

const common = (places: Places): string[] => [
  '--data-root',
  places.dataRoot,
  '--exec-root',
  places.execRoot,
  '--pidfile',
  places.pidfile,
  '-H',
  `unix://${places.socket}`,
  '--config-file',
  places.configFile,
];

/** What bin/hoyd runs once the set-up is done; `TEST_HOYD` names another build of it. */
const bundle = process.env.TEST_HOYD ?? join(projectRoot, 'dist/hoyd.cjs');

const hoyd: EngineProgram = {
  name: 'hoyd',
  command: process.execPath,
  args: (places) => [bundle, ...common(places), '--log-level', 'debug'],
};

/** Docker's own engine, to check a test of docker's behaviour against the original: `TEST_ENGINE=dockerd`. */
const dockerd: EngineProgram = {
  name: 'dockerd',
  // A network namespace of its own keeps it away from the bridges and rules of the host.
  command: 'unshare',
  args: (places) => [
    ...['--net', 'dockerd', ...common(places)],
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--live-restore'],
  ],
};

export const engineUnderTest: EngineProgram = process.env.TEST_ENGINE === 'dockerd' ? dockerd : hoyd;
