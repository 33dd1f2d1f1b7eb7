// SPDX-License-Identifier: Apache-2.0

import { pipeline } from 'node:stream/promises';
import type { ContainerBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { MULTIPLEXED_STREAM, RAW_STREAM } from '#api/hijack.ts';
import type { Router } from '#api/router.ts';
import { parseUnixTimestamp } from '#api/timestamp.ts';
import { invalidParameter } from '#core/errors.ts';
import type { LogOptions } from '#model/client.ts';

export function logsRoute(router: Router, containers: ContainerBackend): void {
  router.stream('GET', '/containers/{id}/logs', async (call) => {
    const { tty, stream } = await containers.logs(call.param('id'), logOptions(call));
    const multiplexed = !tty && call.version.since('1.42');
    call.response.writeHead(200, { 'Content-Type': multiplexed ? MULTIPLEXED_STREAM : RAW_STREAM });
    call.response.flushHeaders();
    await pipeline(stream, call.response, { signal: call.signal }).catch((error) => {
      if (!call.signal.aborted && !call.response.destroyed) throw error;
    });
  });
}

function logOptions({ query, version, signal }: Call): LogOptions {
  const [stdout, stderr] = [query.flag('stdout'), query.flag('stderr')];
  if (!stdout && !stderr) throw invalidParameter("must specify at least one of 'stdout' or 'stderr'");
  if (version.since('1.54') && query.text('format') !== '') throw invalidParameter('unsupported log format');
  const since = parseUnixTimestamp(query.text('since'), '"since"');
  const until = parseUnixTimestamp(query.text('until'), '"until"');
  return {
    stdout,
    stderr,
    follow: query.flag('follow'),
    timestamps: query.flag('timestamps'),
    details: query.flag('details'),
    tail: tailOf(query.text('tail')),
    // 0 is how clients say "not given".
    ...(since && { since: { nano: since } }),
    ...(until && { until: { nano: until } }),
    signal,
  };
}

/** Anything that is no number stands for all lines, as in Docker. */
const tailOf = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);
