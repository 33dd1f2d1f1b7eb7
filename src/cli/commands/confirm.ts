// SPDX-License-Identifier: Apache-2.0
import { createInterface } from 'node:readline';
import type { CommandContext } from '#cli/command.ts';
import { CliError } from '#cli/errors.ts';

/** Asks before something is removed. Anything but yes ends the command without a word. */
export async function confirm({ streams }: CommandContext, question: string): Promise<void> {
  streams.stdout.write(`${question} [y/N] `);
  const reader = createInterface({ input: streams.stdin });
  try {
    for await (const line of reader) {
      if (line.trim().toLowerCase() === 'y') return;
      break;
    }
  } finally {
    reader.close();
  }
  throw new CliError(0, '');
}
