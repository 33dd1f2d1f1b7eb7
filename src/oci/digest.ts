// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { invalidParameter } from '#core/errors.ts';

declare const brand: unique symbol;
/** `sha256:<64 hex>`: only this file makes one, so holding one means it was checked. */
export type Digest = string & { readonly [brand]: 'Digest' };

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HEX = /^[0-9a-f]{64}$/;

export const isDigest = (text: unknown): text is Digest => typeof text === 'string' && DIGEST.test(text);

export function parseDigest(text: unknown): Digest {
  if (!isDigest(text)) throw invalidParameter(`invalid digest: ${JSON.stringify(text)?.slice(0, 200)}`);
  return text;
}

/** The digest with these 64 hexadecimal digits. */
export function digestFromHex(hex: string): Digest {
  if (!HEX.test(hex)) throw invalidParameter(`invalid digest: ${JSON.stringify(hex.slice(0, 200))}`);
  return `sha256:${hex}` as Digest;
}

export const digestOf = (bytes: string | Uint8Array): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;

/** The digits without the algorithm: the name of a blob's file. */
export const hexOf = (digest: Digest): string => digest.slice('sha256:'.length);
