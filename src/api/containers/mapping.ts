// SPDX-License-Identifier: Apache-2.0

import type { ApiVersion } from '#api/version.ts';
import { EngineError } from '#core/errors.ts';
import type { LogConfig } from '#model/container.ts';

/** What the mapping of a create or update request carries along. */
export interface Mapping {
  version: ApiVersion;
  /** For containers that say nothing about their log. */
  defaultLog: LogConfig;
  /** What was not honoured, for the answer. */
  warnings: string[];
}

/** Something that the API has and this engine does not have yet: said, not ignored. */
export const notServed = (what: string, instead: string): EngineError =>
  new EngineError('not-implemented', `${what} not supported by this version of Hoy: ${instead}`);
