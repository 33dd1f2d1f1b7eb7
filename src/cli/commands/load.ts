// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Command, exactly } from '#cli/command.ts';
import { bool, string } from '#cli/flags/flag.ts';
import { fileError } from '#cli/options/key-values.ts';
import { platformJson } from '#cli/options/platform.ts';
import { showProgress } from '#cli/streams/progress.ts';
import { copyRaw } from '#client/frames.ts';
import { readJsonLines } from '#client/json.ts';
import type { ProgressJson } from '#client/types.ts';

const CHUNK_BYTES = 1 << 20;

export const load: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [
    string('i, input', 'Read from tar archive file, instead of STDIN'),
    string(
      'platform',
      'Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
    ),
    bool('q, quiet', 'Suppress the load output'),
  ],
  async run({ engine, flags, streams }) {
    const path = flags.string('input');
    if (!path && streams.stdin.isTTY) throw new Error('requested load from stdin, but stdin is empty');
    const input = path ? await openFile(path) : streams.stdin;
    const quiet = flags.bool('quiet') || !streams.stdout.isTTY;
    const platform = platformJson(flags.string('platform'), 'invalid platform: ');
    const answer = await engine.images.load(input, { quiet, platform });
    if (answer.headers['content-type']?.startsWith('application/json')) {
      await showProgress(readJsonLines(answer) as AsyncGenerator<ProgressJson>, streams.stdout);
    } else await copyRaw(answer, streams.stdout);
    return 0;
  },
};

/** Opens a file for upload, so that a missing one is reported before the engine is asked. */
export async function openFile(path: string): Promise<Readable> {
  const file = await open(path).catch((error) => {
    throw fileError(path, error);
  });
  return createReadStream(path, { fd: file, highWaterMark: CHUNK_BYTES });
}
