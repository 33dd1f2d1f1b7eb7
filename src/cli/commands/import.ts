// SPDX-License-Identifier: Apache-2.0

import type { Readable } from 'node:stream';
import { between, type Command, type CommandContext } from '#cli/command.ts';
import { openFile } from '#cli/commands/load.ts';
import { list, string } from '#cli/flags/flag.ts';
import { parseFamiliar, referenceError } from '#cli/format/reference.ts';
import { showProgress } from '#cli/streams/progress.ts';

export const importImage: Command = {
  operandUsage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  operands: between(1, Number.POSITIVE_INFINITY),
  flags: [
    list('c, change', 'Apply Dockerfile instruction to the created image'),
    string('m, message', 'Set commit message for imported image'),
    string('platform', 'Set platform if server is multi-platform capable', process.env.DOCKER_DEFAULT_PLATFORM ?? ''),
  ],
  async run(context) {
    const { engine, flags, operands, streams } = context;
    const [source = '', reference = ''] = operands;
    if (reference && !parseFamiliar(reference)) throw referenceError(reference);
    const { upload, fromSrc } = await openSource(context, source);
    const query = {
      fromSrc,
      repo: reference || undefined,
      message: flags.string('message') || undefined,
      platform: flags.string('platform') || undefined,
      changes: flags.list('change'),
    };
    await showProgress(engine.images.import(query, upload), streams.stdout);
    return 0;
  },
};

/** `-` is standard input, an address is left to the engine, all else is a file here. */
async function openSource(
  { streams }: CommandContext,
  source: string,
): Promise<{ upload: Readable | undefined; fromSrc: string }> {
  if (source === '-') return { upload: streams.stdin, fromSrc: '-' };
  if (/^https?:\/\//.test(source)) return { upload: undefined, fromSrc: source };
  return { upload: await openFile(source), fromSrc: '-' };
}
