// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly, printLine } from '#cli/command.ts';
import { CliError } from '#cli/errors.ts';
import { string } from '#cli/flags/flag.ts';
import { formatRfc3339Nano } from '#cli/format/time.ts';
import { filterFlag, readFilters } from '#cli/options/filters.ts';
import { FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { toTimestamp } from '#cli/options/timestamps.ts';
import { EVENT } from '#cli/shapes/system.ts';
import { compareStrings } from '#cli/template/print.ts';
import { Template } from '#cli/template/template.ts';
import { Struct } from '#cli/template/value.ts';
import type { EventJson } from '#client/types.ts';

const BAD_FORMAT = 64;

export const events: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    filterFlag(),
    string('format', FORMAT_USAGE),
    string('since', 'Show all events created since timestamp'),
    string('until', 'Stream events until this timestamp'),
  ],
  async run(context) {
    const { engine, flags } = context;
    const template = readTemplate(flags.string('format'));
    const since = toTimestamp(flags.string('since'));
    const until = toTimestamp(flags.string('until'));
    const stream = await engine.system.events({
      filters: readFilters(flags),
      ...(since && { since }),
      ...(until && { until }),
    });
    for await (const event of stream) {
      printLine(context, template ? template.execute(asStruct(event)) : describeEvent(event));
    }
    return 0;
  },
};

const asStruct = (event: unknown): Struct => new Struct(EVENT, event as Record<string, unknown>);

/** The template, tried before the engine is asked; `undefined` for the usual lines. */
function readTemplate(format: string): Template | undefined {
  if (format === '') return undefined;
  try {
    const template = new Template(format === 'json' ? '{{json .}}' : format);
    template.execute(new Struct(EVENT, {}, true));
    return template;
  } catch (error) {
    throw new CliError(BAD_FORMAT, `Error parsing format: ${(error as Error).message}`, { cause: error });
  }
}

/** `2026-11-23T06:00:00.000000000Z container start 1a2b3c (image=busybox, name=web)`. */
export function describeEvent(event: EventJson): string {
  const nanoseconds = BigInt(event.timeNano ?? 0) || BigInt(event.time ?? 0) * 1_000_000_000n;
  const time = nanoseconds === 0n ? '' : `${formatRfc3339Nano(nanoseconds)} `;
  const attributes = Object.entries(event.Actor.Attributes ?? {}).sort(([a], [b]) => compareStrings(a, b));
  const details = attributes.map(([key, value]) => `${key}=${value}`).join(', ');
  return `${time}${event.Type} ${event.Action} ${event.Actor.ID}${details && ` (${details})`}`;
}
