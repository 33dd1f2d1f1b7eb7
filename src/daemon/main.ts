// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import { messageOf } from '#core/errors.ts';
import { runDaemon } from '#daemon/daemon.ts';
import { readCommandLine } from '#daemon/program.ts';

async function main(argv: readonly string[]): Promise<void> {
  const intent = readCommandLine(argv);
  if (intent.kind === 'print') writeSync(1, intent.text);
  else await runDaemon(argv, intent.config);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  writeSync(2, `${messageOf(error)}\n`);
  process.exit(1);
});
