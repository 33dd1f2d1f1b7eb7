// SPDX-License-Identifier: Apache-2.0
import { isDiskFull } from '#core/disk-full.ts';
import { EngineError, type ErrorCode } from '#core/errors.ts';

/** A code without a status does not compile. docs/errors.md tells people what each means. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  'not-modified': 304,
  'invalid-parameter': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  internal: 500,
  'not-implemented': 501,
  unavailable: 503,
};

/** The path exists, the method does not: an error of HTTP's own, which no engine throws. */
export class MethodNotAllowed extends EngineError {
  constructor(method: string, path: string) {
    super('not-found', `method ${method} is not allowed for ${path}`);
  }
}

const METHOD_NOT_ALLOWED_STATUS = 405;
const NO_SPACE = "no space left on device: remove images or containers, or make the engine's file system larger";

export interface HttpError {
  status: number;
  message: string;
}

/**
 * The only place where an error becomes an HTTP status. What is neither an engine error nor a full disk is a bug: its text
 * may say anything, so the caller gets the request's ID to look up instead.
 */
export function toHttpError(error: unknown, requestId: string): HttpError {
  if (error instanceof MethodNotAllowed) return { status: METHOD_NOT_ALLOWED_STATUS, message: error.message };
  if (error instanceof EngineError) return { status: STATUS[error.code], message: error.message };
  if (isDiskFull(error)) return { status: 500, message: NO_SPACE };
  return { status: 500, message: `internal error: see the engine's log for request ${requestId}` };
}

/** Whether the engine's log must tell what happened. */
export const isBug = (error: unknown): boolean => !(error instanceof EngineError) || error.code === 'internal';
