// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, type CommandContext, warnLine } from '#cli/command.ts';
import { CliError, throwJoined } from '#cli/errors.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { createPrinter } from '#cli/format/inspect-printer.ts';
import { FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { platformJson } from '#cli/options/platform.ts';
import { CONTAINER_INSPECT } from '#cli/shapes/container.ts';
import { IMAGE_INSPECT } from '#cli/shapes/image.ts';
import type { StructType } from '#cli/template/value.ts';
import { ApiError, isNotFound } from '#client/errors.ts';

/** An answer of the engine as it was sent, with the Go type that templates take it for. */
interface Inspected {
  text: string;
  type: StructType;
}

const format = string('f, format', FORMAT_USAGE);
const size = (usage: string) => bool('s, size', usage);

export const inspectContainers: Command = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [format, size('Display total file sizes')],
  run: (context) => printAll(context, (ref) => inspectContainer(context, ref)),
};

export const inspectImages: Command = {
  operandUsage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: atLeast(1),
  flags: [
    format,
    string(
      'platform',
      `Inspect a specific platform of the multi-platform image.
If the image or the server is not multi-platform capable, the command will error out if the platform does not match.
'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)`,
    ),
  ],
  async run(context) {
    const platform = platformJson(context.flags.string('platform'));
    return printAll(context, (ref) => inspectImage(context, ref, platform));
  },
};

const TYPES = ['container', 'image'];

export const inspect: Command = {
  operandUsage: '[OPTIONS] NAME|ID [NAME|ID...]',
  operands: atLeast(1),
  flags: [
    format,
    size('Display total file sizes if the type is container'),
    string('type', 'Only inspect objects of the given type'),
  ],
  async run(context) {
    const { flags } = context;
    const type = flags.string('type');
    if (flags.isGiven('type') && !TYPES.includes(type)) {
      throw new Error(
        type === ''
          ? 'type is empty: must be one of "container", "image"'
          : `unknown type: ${JSON.stringify(type)}: must be one of "container", "image"`,
      );
    }
    return printAll(context, (ref) => inspectAny(context, ref, type));
  },
};

async function inspectContainer(context: CommandContext, ref: string): Promise<Inspected> {
  const text = await context.engine.containers.inspectText(ref, context.flags.bool('size'));
  return { text, type: CONTAINER_INSPECT };
}

async function inspectImage(context: CommandContext, ref: string, platform?: string): Promise<Inspected> {
  return { text: await context.engine.images.inspectText(ref, platform), type: IMAGE_INSPECT };
}

/** A container of that name, else an image. */
async function inspectAny(context: CommandContext, ref: string, type: string): Promise<Inspected> {
  if (type !== 'image') {
    const container = await inspectContainer(context, ref).catch(unlessElsewhere(type));
    if (container) return container;
  }
  const image = await inspectImage(context, ref).catch(unlessElsewhere(type));
  if (!image) throw new Error(`Error: No such object: ${ref}`);
  if (context.flags.bool('size')) warnLine(context, 'WARNING: --size ignored for image');
  return image;
}

/** Without a type, something that isn't there as one thing may be there as another. */
function unlessElsewhere(type: string): (error: unknown) => undefined {
  return (error) => {
    const mayBeElsewhere =
      isNotFound(error) || (error instanceof ApiError && /not supported|invalid reference format/.test(error.message));
    if (type !== '' || !mayBeElsewhere) throw error;
    return undefined;
  };
}

const BAD_FORMAT = 64;

async function printAll(context: CommandContext, look: (ref: string) => Promise<Inspected>): Promise<number> {
  const printer = openPrinter(context.flags.string('format'));
  const errors: unknown[] = [];
  for (const ref of context.operands) {
    try {
      const { text, type } = await look(ref);
      printer.add(text, type);
    } catch (error) {
      errors.push(error);
    }
  }
  context.streams.stdout.write(printer.finish());
  throwJoined(errors);
  return 0;
}

function openPrinter(text: string): ReturnType<typeof createPrinter> {
  try {
    return createPrinter(text);
  } catch (error) {
    throw new CliError(BAD_FORMAT, (error as Error).message, { cause: error });
  }
}
