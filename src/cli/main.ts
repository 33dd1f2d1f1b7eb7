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
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(exitCode);
}

/** Resolves when everything written before has left this process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
