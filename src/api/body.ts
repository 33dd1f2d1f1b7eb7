// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { EngineError, invalidParameter } from '#core/errors.ts';

/** A container definition with a seccomp profile and thousands of variables stays far below this. */
export const MAX_JSON_BYTES = 4 << 20;

/** Long enough for a slow link, short enough that half-sent requests don't pile up. */
const BODY_TIMEOUT_MS = 60_000;

/** The request's JSON, or undefined if it has no body. Throws in Docker's words for what is no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const length = request.headers['content-length'];
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(length ?? 0) > 0;
  const contentType = request.headers['content-type'];
  if (contentType === undefined && !hasBody) return undefined;
  requireJson(contentType ?? '');
  if (!hasBody) return undefined;
  return parseJson(await readAll(request));
}

function requireJson(contentType: string): void {
  const [type = ''] = contentType.split(';');
  const trimmed = type.trim().toLowerCase();
  if (trimmed === 'application/json') return;
  if (!/^[\w!#$&^.+-]+(\/[\w!#$&^.+-]+)?$/.test(trimmed)) {
    throw invalidParameter(`malformed Content-Type header (${contentType}): mime: no media type`);
  }
  throw invalidParameter(`unsupported Content-Type header (${contentType}): must be 'application/json'`);
}

async function readAll(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => request.destroy(tooSlow()), BODY_TIMEOUT_MS);
  try {
    // Destroying the request would also close the connection, and with it the way to answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > MAX_JSON_BYTES) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw invalidParameter('invalid JSON: unexpected EOF', { cause: error });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

const tooLarge = () =>
  new EngineError('too-large', `the request body is too large: at most ${MAX_JSON_BYTES} bytes are accepted`);

const tooSlow = () => invalidParameter(`the request body did not arrive within ${BODY_TIMEOUT_MS / 1000} seconds`);

/** Exported for what carries JSON in a query parameter. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw invalidParameter('invalid JSON: got EOF while reading request body');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidParameter(syntaxMessage(text, error), { cause: error });
  }
}

function syntaxMessage(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const position = Number(/ at position (\d+)/.exec(message)?.[1] ?? -1);
  if (/end of JSON input|^Unterminated/.test(message) || position >= text.trimEnd().length) {
    return 'invalid JSON: unexpected EOF';
  }
  if (message.startsWith('Unexpected non-whitespace character after JSON')) return 'unexpected content after JSON';
  // What V8 quotes of the body may be a secret.
  return `invalid JSON: ${message.replace(/, .*|\.\.\. .*/s, '')}`;
}
