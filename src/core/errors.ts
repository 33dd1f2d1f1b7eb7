// SPDX-License-Identifier: Apache-2.0

/** The error classes that Docker clients know; each has exactly one HTTP status (`api/status.ts`). */
export type ErrorCode =
  | 'invalid-parameter'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'not-modified'
  | 'unavailable'
  | 'not-implemented'
  | 'too-large'
  | 'internal';

/** Every failure that a caller is meant to see. Anything else that is thrown is a bug and answered as `internal`. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const invalidParameter = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError('invalid-parameter', message, options);

export const conflict = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError('conflict', message, options);

export const notFound = (message: string, options?: ErrorOptions): EngineError =>
  new EngineError('not-found', message, options);

/** Whether `error` is an engine error, and of that code if one is given. */
export function isEngineError(error: unknown, code?: ErrorCode): error is EngineError {
  return error instanceof EngineError && (code === undefined || error.code === code);
}

/** The text of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
