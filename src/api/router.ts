// SPDX-License-Identifier: Apache-2.0
import { EngineError, notFound } from '#core/errors.ts';
import type { Call } from './call.ts';
import { MethodNotAllowed } from './status.ts';
import { type ApiVersion, negotiate } from './version.ts';

export type Handler = (call: Call) => Promise<void> | void;

/**
 * `plain`: one answer, also to `HEAD` if it is a `GET`. `stream`: the answer lasts as long as there is something to say.
 * `hijack`: the connection stops being HTTP.
 */
export type RouteKind = 'plain' | 'stream' | 'hijack';

export interface Route {
  method: string;
  /**
   * As in the specification: `/containers/{id}/json`. `{name}` takes slashes too, as image names have them; and so does
   * the `{id}` of a container or network, for clients that ask what kind of thing a name is of.
   */
  path: string;
  kind: RouteKind;
  /** Why this version of Hoy refuses it, for the coverage page; undefined for what is served. */
  refused?: string;
  handler: Handler;
}

export interface Match {
  route: Route;
  params: Readonly<Record<string, string>>;
}

interface Compiled {
  route: Route;
  pattern: RegExp;
}

/** Finds the handler for a method and path. Routes added first win. */
export class Router {
  readonly #byFirstSegment = new Map<string, Compiled[]>();
  readonly routes: Route[] = [];

  get(path: string, handler: Handler): void {
    this.add({ method: 'GET', path, kind: 'plain', handler });
  }

  post(path: string, handler: Handler): void {
    this.add({ method: 'POST', path, kind: 'plain', handler });
  }

  delete(path: string, handler: Handler): void {
    this.add({ method: 'DELETE', path, kind: 'plain', handler });
  }

  stream(method: 'GET' | 'POST', path: string, handler: Handler): void {
    this.add({ method, path, kind: 'stream', handler });
  }

  hijack(method: 'GET' | 'POST', path: string, handler: Handler): void {
    this.add({ method, path, kind: 'hijack', handler });
  }

  /** A route that exists in the API and is answered with why it is not served, once `check` has found no other fault. */
  refuse(method: string, path: string, error: () => EngineError, check?: (call: Call) => Promise<unknown>): void {
    const handler = async (call: Call): Promise<never> => {
      await check?.(call);
      throw error();
    };
    this.add({ method, path, kind: 'plain', refused: error().message, handler });
  }

  add(route: Route): void {
    const first = route.path.split('/')[1] ?? '';
    const compiled = this.#byFirstSegment.get(first) ?? [];
    compiled.push({ route, pattern: compile(route.path) });
    this.#byFirstSegment.set(first, compiled);
    this.routes.push(route);
  }

  /** Throws `page not found`, or `method not allowed` if only the method is wrong. */
  match(method: string, path: string): Match {
    const candidates = this.#byFirstSegment.get(path.split('/')[1] ?? '') ?? [];
    let pathExists = false;
    for (const { route, pattern } of candidates) {
      const found = pattern.exec(path);
      if (!found) continue;
      if (accepts(route, method)) return { route, params: { ...found.groups } };
      pathExists = true;
    }
    if (pathExists) throw new MethodNotAllowed(method, path);
    throw notFound('page not found');
  }
}

const accepts = (route: Route, method: string): boolean =>
  route.method === method || (method === 'HEAD' && route.method === 'GET' && route.kind === 'plain');

const TAKES_SLASHES = /^\/(containers|networks)\//;

function compile(path: string): RegExp {
  const source = path
    .split(/(\{\w+\})/)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (!name) return RegExp.escape(part);
      return name === 'name' || TAKES_SLASHES.test(path) ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
    })
    .join('');
  return new RegExp(`^${source}$`, 's');
}

export interface Target {
  version: ApiVersion;
  /** Decoded, without version, trailing and doubled slashes. */
  path: string;
  query: string;
}

const VERSIONED = /^\/v([0-9][0-9.]*)(?=\/|$)/;

/** Takes a request's URL apart. Throws for one that can't be decoded and for versions that are not served. */
export function parseTarget(url: string): Target {
  const [rawPath = '', query = ''] = splitOnce(withoutOrigin(url), '?');
  const decoded = decodePath(rawPath).replace(/\/{2,}/g, '/');
  const version = VERSIONED.exec(decoded);
  const path = (version ? decoded.slice(version[0].length) : decoded).replace(/(?<=.)\/$/, '');
  return { version: negotiate(version?.[1]), path, query };
}

/** A proxy's absolute form of a URL names the host too. */
const withoutOrigin = (url: string): string => url.replace(/^https?:\/\/[^/?]*/i, '');

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new EngineError('invalid-parameter', `invalid URL escape in ${JSON.stringify(path)}`);
  }
}
