// SPDX-License-Identifier: Apache-2.0
import { arch } from 'node:process';
import { invalidParameter } from '#core/errors.ts';
import { objectOf, optionalString } from '#oci/json.ts';

/** A platform in the words of the OCI image index. The same shape as the engine's own `Platform`. */
export interface OciPlatform {
  os: string;
  architecture: string;
  variant?: string;
  osVersion?: string;
}

/** Names that people and kernels use for an architecture, and the name that images use. */
const ARCHITECTURES: ReadonlyMap<string, { architecture: string; variant?: string }> = new Map([
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['i386', { architecture: '386' }],
  ['i486', { architecture: '386' }],
  ['i586', { architecture: '386' }],
  ['i686', { architecture: '386' }],
  ['aarch64', { architecture: 'arm64' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
]);

const PLATFORM_PART = /^[A-Za-z0-9_.-]+$/;

/** One spelling for each platform: `x86_64` is `amd64`, `arm64/v8` is `arm64`, `arm` is `arm/v7`. */
export function normalizePlatform(platform: OciPlatform): OciPlatform {
  const os = platform.os.toLowerCase() === 'macos' ? 'darwin' : platform.os.toLowerCase();
  const known = ARCHITECTURES.get(platform.architecture.toLowerCase());
  const architecture = known?.architecture ?? platform.architecture.toLowerCase();
  const variant = normalizeVariant(architecture, platform.variant?.toLowerCase() || known?.variant);
  return {
    os,
    architecture,
    ...(variant && { variant }),
    ...(platform.osVersion && { osVersion: platform.osVersion }),
  };
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (architecture === 'arm64') return variant === 'v8' || variant === '8' ? undefined : variant;
  if (architecture === 'amd64') return variant === 'v1' ? undefined : variant;
  if (architecture !== 'arm') return variant;
  if (variant === undefined) return 'v7';
  return /^\d$/.test(variant) ? `v${variant}` : variant;
}

/** `os/architecture[/variant]`; one word alone is an operating system or an architecture. */
export function parsePlatform(text: string): OciPlatform {
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || parts.some((part) => !PLATFORM_PART.test(part))) {
    throw invalidParameter(
      `"${text.slice(0, 100)}" is an invalid platform specifier: expected os/architecture[/variant]`,
    );
  }
  if (second !== undefined) {
    return normalizePlatform({ os: first, architecture: second, ...(third !== undefined && { variant: third }) });
  }
  if (first === 'linux') return normalizePlatform({ ...hostPlatform(), os: first });
  return normalizePlatform({ os: 'linux', architecture: first });
}

export function parsePlatformObject(value: unknown, what: string): OciPlatform {
  const object = objectOf(value, what);
  const variant = optionalString(object.variant, `${what} variant`);
  const osVersion = optionalString(object['os.version'], `${what} os.version`);
  return {
    os: optionalString(object.os, `${what} os`) ?? '',
    architecture: optionalString(object.architecture, `${what} architecture`) ?? '',
    ...(variant && { variant }),
    ...(osVersion && { osVersion }),
  };
}

export const formatPlatform = (platform: OciPlatform): string =>
  [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');

/** The platform that this machine runs. */
export const hostPlatform = (): OciPlatform => ({ os: 'linux', architecture: arch === 'x64' ? 'amd64' : arch });

/** Whether what was made for `candidate` is exactly what `wanted` names. */
export function isSamePlatform(wanted: OciPlatform, candidate: OciPlatform): boolean {
  const [a, b] = [normalizePlatform(wanted), normalizePlatform(candidate)];
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

/**
 * How well `candidate` runs on `wanted`: 0 is not at all, more is better. A newer ARM runs the code of older variants,
 * an arm64 that of arm, and an amd64 that of 386.
 */
export function platformScore(wanted: OciPlatform, candidate: OciPlatform): number {
  const [host, image] = [normalizePlatform(wanted), normalizePlatform(candidate)];
  if (host.os !== image.os) return 0;
  if (host.architecture === image.architecture) return variantScore(host, image);
  if (host.architecture === 'arm64' && image.architecture === 'arm') return 10 + level(image.variant);
  if (host.architecture === 'amd64' && image.architecture === '386') return 10;
  return 0;
}

function variantScore(host: OciPlatform, image: OciPlatform): number {
  if (host.variant === image.variant) return 1000;
  const difference = level(host.variant ?? 'v1') - level(image.variant ?? 'v1');
  if (host.architecture === 'arm64') return image.variant === undefined ? 500 : 0;
  return difference >= 0 ? 500 - difference : 0;
}

const level = (variant: string | undefined): number => Number(/^v(\d)/.exec(variant ?? '')?.[1] ?? 0);

/** The candidate that fits best, the first of equals; `undefined` if none runs there. */
export function bestForPlatform<T>(
  wanted: OciPlatform,
  candidates: readonly T[],
  platformOf: (candidate: T) => OciPlatform,
): T | undefined {
  let best: T | undefined;
  let bestScore = 0;
  for (const candidate of candidates) {
    const score = platformScore(wanted, platformOf(candidate));
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}
