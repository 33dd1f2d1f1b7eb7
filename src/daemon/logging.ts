// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';
import { messageOf } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';

export interface DaemonLogger extends Logger {
  fatal(fields: object, message: string): void;
  /** Lines below this level are left out from now on. */
  level: string;
}

export interface LoggingOptions {
  level: string;
  format: 'text' | 'json';
  /** Where lines go; one call for each. */
  write(line: string): void;
}

/** The engine's log: one line for each entry, JSON or dockerd's `key=value` form. */
export function createLogger(options: LoggingOptions): DaemonLogger {
  const write = options.format === 'json' ? options.write : (line: string) => options.write(toText(line));
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
    },
    { write },
  );
}

/** An error with its causes; the stack only of what is a bug rather than a refusal. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < 8; cause = (cause as Error).cause) {
    causes.push(messageOf(cause));
  }
  const stack = error.name === 'EngineError' ? undefined : error.stack;
  return { message: error.message, ...(causes.length > 0 && { causes }), ...(stack && { stack }) };
}

/** `time=… level=info msg="…" container=4f…`, as people and log shippers know it from dockerd. */
function toText(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(fields).flatMap(([name, value]) => toPairs(name, value));
  return `${[`time="${time}"`, `level=${level}`, `msg=${quote(msg)}`, ...pairs].join(' ')}\n`;
}

/** An error's message first, what else is known of it after it. */
function toPairs(name: string, value: unknown): string[] {
  if (name !== 'err' || typeof value !== 'object' || value === null) return [`${name}=${quote(value)}`];
  const { message, ...rest } = value as Record<string, unknown>;
  return [`error=${quote(message)}`, ...Object.entries(rest).map(([key, item]) => `${key}=${quote(item)}`)];
}

function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@%+-]+$/.test(text) ? text : JSON.stringify(text);
}
