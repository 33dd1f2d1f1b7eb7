// SPDX-License-Identifier: Apache-2.0

const ARCHITECTURES: Record<string, string> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
};
const SYSTEMS = new Set(['linux', 'windows', 'darwin', 'freebsd', 'netbsd', 'openbsd', 'solaris', 'aix', 'plan9']);
const HOST_ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386' };

/** The machine this runs on, as platforms name it. */
export const hostArchitecture = (): string => HOST_ARCHITECTURES[process.arch] ?? process.arch;

/** `linux/arm64/v8` as the JSON that the API takes; `undefined` for an empty text. `prefix` begins the message of an error. */
export function platformJson(text: string, prefix = ''): string | undefined {
  if (text === '') return undefined;
  const parts = text.split('/').map((part) => part.toLowerCase());
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) {
    throw new Error(`${prefix}"${text}" is an invalid platform: use os[/arch[/variant]], such as linux/amd64`);
  }
  const [first = '', second, variant] = parts;
  const isSystem = SYSTEMS.has(first);
  if (second === undefined && !isSystem)
    return JSON.stringify({ os: 'linux', architecture: ARCHITECTURES[first] ?? first });
  const architecture = second === undefined ? hostArchitecture() : (ARCHITECTURES[second] ?? second);
  return JSON.stringify({ os: first, architecture, ...(variant && { variant }) });
}
