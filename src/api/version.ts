// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';

export const MAX_API_VERSION = '1.55';
export const MIN_API_VERSION = '1.24';

/** The version of the API that one request speaks. Answers are shaped by it. */
export class ApiVersion {
  readonly text: string;
  readonly #parts: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.#parts = partsOf(text);
  }

  /** Whether the request is from before `version` (`'1.44'`). */
  before(version: string): boolean {
    return compare(this.#parts, partsOf(version)) < 0;
  }

  since(version: string): boolean {
    return !this.before(version);
  }
}

export const LATEST = new ApiVersion(MAX_API_VERSION);

/** The version a path asks for; the newest one if it names none. Throws in Docker's words if it can't be served. */
export function negotiate(text: string | undefined): ApiVersion {
  if (text === undefined) return LATEST;
  const version = new ApiVersion(text);
  if (version.before(MIN_API_VERSION)) {
    throw invalidParameter(
      `client version ${text} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (compare(partsOf(text), partsOf(MAX_API_VERSION)) > 0) {
    throw invalidParameter(`client version ${text} is too new. Maximum supported API version is ${MAX_API_VERSION}`);
  }
  return version;
}

function partsOf(text: string): number[] {
  return text.split('.').map(Number);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
