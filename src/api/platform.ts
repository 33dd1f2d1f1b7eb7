// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import type { Platform } from '#model/image.ts';
import { parsePlatform } from '#oci/platform.ts';
import { parseJson } from './body.ts';
import type { Query } from './query.ts';

/** `linux/arm64/v8`: how `create` and `import` name a platform. Undefined when empty. */
export const platformFromText = (text: string): Platform | undefined => (text === '' ? undefined : parsePlatform(text));

/** A platform as the JSON object of the OCI image index: how the newer image calls name one. */
export function platformFromJson(text: string): Platform {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidParameter('failed to parse platform: it must be a JSON object');
  }
  const fields = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
  const field = (name: string): string => {
    const found = fields.get(name) ?? '';
    if (typeof found !== 'string') throw invalidParameter(`failed to parse platform: ${name} must be a string`);
    return found;
  };
  const [os, architecture, variant, osVersion] = ['os', 'architecture', 'variant', 'os.version'].map(field);
  if (!os || !architecture) {
    throw invalidParameter(
      !os && !architecture && (variant || osVersion)
        ? 'optional platform fields provided, but OS and Architecture are missing'
        : 'both OS and Architecture must be provided',
    );
  }
  return { os, architecture, ...(variant && { variant }), ...(osVersion && { osVersion }) };
}

/** The `name` parameter, which may appear once for each platform. */
export const platformsFrom = (query: Query, name: string): Platform[] => query.all(name).map(platformFromJson);
