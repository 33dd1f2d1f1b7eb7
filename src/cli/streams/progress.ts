// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { humanSize } from '#cli/format/units.ts';
import type { ProgressJson } from '#client/types.ts';

type Output = Writable & { isTTY?: boolean; columns?: number };

const BAR_WIDTH = 50;
/** On a narrower terminal there is no bar. */
const BAR_NEEDS_COLUMNS = 110;

/** Shows a stream of progress messages: one line per thing in progress on a terminal, only whole messages elsewhere. */
export async function showProgress(messages: AsyncIterable<ProgressJson>, output: Output): Promise<void> {
  const lines = new Map<string, number>();
  for await (const message of messages) {
    if (message.errorDetail || message.error) throw new Error(message.errorDetail?.message ?? message.error);
    if (message.aux !== undefined) continue;
    if (output.isTTY) showOnTerminal(message, lines, output);
    else showAsText(message, output);
  }
}

function showAsText(message: ProgressJson, output: Output): void {
  if (describeAmount(message, BAR_NEEDS_COLUMNS) !== '') return;
  output.write(message.stream ?? `${prefix(message)}${message.status ?? ''}\n`);
}

function showOnTerminal(message: ProgressJson, lines: Map<string, number>, output: Output): void {
  if (message.id === undefined || !message.progressDetail) {
    lines.clear();
    output.write(message.stream ?? `${prefix(message)}${message.status ?? ''}\n`);
    return;
  }
  let line = lines.get(message.id);
  if (line === undefined) {
    line = lines.size;
    lines.set(message.id, line);
    output.write('\n');
  }
  const up = lines.size - line;
  const amount = describeAmount(message, output.columns ?? 0);
  output.write(`\x1b[${up}A\x1b[2K\r${prefix(message)}${message.status ?? ''} ${amount}\r\x1b[${up}B`);
}

const prefix = (message: ProgressJson): string => (message.id ? `${message.id}: ` : '');

/** `[==>   ]  12MB/48MB`, or nothing when there is no amount. */
function describeAmount({ progressDetail }: ProgressJson, columns: number): string {
  const { current = 0, total = 0, units = '', hidecounts = false } = progressDetail ?? {};
  if (current <= 0 && total <= 0) return '';
  const shown = (amount: number): string => (units ? String(amount) : humanSize(amount));
  const suffix = units && ` ${units}`;
  if (total <= 0) return `${shown(current).padStart(8)}${suffix}`;
  const filled = Math.min(BAR_WIDTH, Math.trunc((current / total) * BAR_WIDTH));
  const bar = columns > BAR_NEEDS_COLUMNS ? `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ` : '';
  if (hidecounts) return bar;
  const counts = current > total ? shown(current) : `${shown(current)}/${shown(total)}`;
  return `${bar}${units ? counts : counts.padStart(8)}${suffix}`;
}
