// SPDX-License-Identifier: Apache-2.0
import { runCli } from '#cli/dispatch.ts';

/** What a shell reports of a program that wrote to a closed pipe. */
const BROKEN_PIPE = 128 + 13;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? BROKEN_PIPE : 1));
}

void main();

async function main(): Promise<void> {
  const exitCode = await runCli({ words: process.argv.slice(2), streams: process, env: process.env });
  // What is still open (an idle connection, standard input) must not keep the process; what was written must get out.
  process.stdout.write('', () => process.exit(exitCode));
}
