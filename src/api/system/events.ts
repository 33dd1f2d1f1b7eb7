// SPDX-License-Identifier: Apache-2.0

import type { SystemBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { readFilters } from '#api/filters.ts';
import { JsonStream } from '#api/json-stream.ts';
import type { Router } from '#api/router.ts';
import { parseUnixTimestamp } from '#api/timestamp.ts';
import { invalidParameter } from '#core/errors.ts';
import { eventText, isTold } from './event-json.ts';

/** Media types of a stream of JSON documents that a client may ask for. */
const STREAM_TYPES = ['application/jsonl', 'application/x-ndjson', 'application/json-seq'];

export function eventsRoute(router: Router, system: SystemBackend): void {
  router.stream('GET', '/events', async (call) => {
    const { query, signal, version } = call;
    const range = rangeOf(call);
    const events = system.events({ ...range, filters: readFilters(query), signal });
    const output = new JsonStream(call, contentType(call));
    for await (const event of events) {
      if (signal.aborted) break;
      if (isTold(event, version)) await output.writeText(eventText(event, version));
    }
    output.end();
  });
}

function rangeOf({ query }: Call): { since?: { nano: bigint }; until?: { nano: bigint } } {
  const [since, until] = ['since', 'until'].map((name) => parseUnixTimestamp(query.text(name), `'${name}'`));
  if (since !== undefined && until !== undefined && until < since) {
    const [from, to] = [query.text('since'), query.text('until')];
    throw invalidParameter(`\`since\` time (${from}) cannot be after \`until\` time (${to})`);
  }
  return {
    ...(since !== undefined && { since: { nano: since } }),
    ...(until !== undefined && { until: { nano: until } }),
  };
}

function contentType({ request, version }: Call): string {
  const accepted = (request.headers.accept ?? '').split(',').map((part) => part.split(';')[0]?.trim() ?? '');
  const asked = accepted.find((type) => STREAM_TYPES.includes(type));
  return asked ?? (version.before('1.52') ? 'application/json' : 'application/jsonl');
}
