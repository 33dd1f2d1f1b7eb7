// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { arch, availableParallelism, machine, release } from 'node:os';
import type { HostDescription } from '#model/system.ts';

const GO_ARCHITECTURES: Partial<Record<string, string>> = { x64: 'amd64', ia32: '386', loong64: 'loong64' };

/** Describes this host. What can't be read is left empty: it is for people to look at. */
export function describeHost(read: (path: string) => string = readOrEmpty): HostDescription {
  const osRelease = parseOsRelease(read('/etc/os-release') || read('/usr/lib/os-release'));
  const name = osRelease.get('PRETTY_NAME') || 'Linux';
  return {
    kernelVersion: release(),
    operatingSystem: isContainer(read('/proc/1/cgroup')) ? `${name} (containerized)` : name,
    osVersion: osRelease.get('VERSION_ID') ?? '',
    osType: 'linux',
    machine: machine(),
    architecture: GO_ARCHITECTURES[arch()] ?? arch(),
    cpus: availableParallelism(),
    memoryBytes: 1024 * Number(/^MemTotal:\s+(\d+) kB$/m.exec(read('/proc/meminfo'))?.[1] ?? 0),
  };
}

/** os-release(5): `KEY=value` lines; the last of a key counts. */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match?.[1]) values.set(match[1], unquote((match[2] ?? '').trim()));
  }
  return values;
}

/** As a shell reads it, without expansion. */
function unquote(text: string): string {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || !text.endsWith(quote)) return text;
  const inner = text.slice(1, -1);
  return quote === '"' ? inner.replace(/\\([\\"$`])/g, '$1') : inner;
}

/** The first process of a host is in a root group, or in systemd's own. */
const isContainer = (groups: string): boolean =>
  groups.split('\n').some((line) => line !== '' && !line.endsWith(':/') && !line.endsWith(':/init.scope'));

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
