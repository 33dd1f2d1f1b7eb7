// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { atLeast, type Command } from '#cli/command.ts';
import { string } from '#cli/flags/flag.ts';
import { platformJson } from '#cli/options/platform.ts';
import { copyRaw } from '#client/frames.ts';

export const save: Command = {
  operandUsage: '[OPTIONS] IMAGE [IMAGE...]',
  operands: atLeast(1),
  flags: [
    string('o, output', 'Write to a file, instead of STDOUT'),
    string(
      'platform',
      'Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    ),
  ],
  async run({ engine, flags, operands, streams }) {
    const output = flags.string('output');
    if (!output && streams.stdout.isTTY) {
      throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    }
    if (output) await checkTarget(output);
    const platform = platformJson(flags.string('platform'), 'invalid platform: ');
    const answer = await engine.images.save(operands, { platform });
    if (output) await writeWhole(answer, output);
    else {
      await copyRaw(answer, streams.stdout);
      if (!answer.complete) throw new Error('unexpected EOF');
    }
    return 0;
  },
};

async function checkTarget(path: string): Promise<void> {
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory()) throw new Error(`failed to save image: cannot write to a directory: ${path}`);
  if (target && !target.isFile()) throw new Error(`failed to save image: cannot write to an irregular file: ${path}`);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new Error(`failed to save image: invalid output path: stat ${dirname(path)}: no such file or directory`);
  }
}

/** The file is there whole or not at all. */
async function writeWhole(answer: Readable, path: string): Promise<void> {
  const partial = `${path}.${randomUUID()}`;
  try {
    await pipeline(answer, createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }));
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
