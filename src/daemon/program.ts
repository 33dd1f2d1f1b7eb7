// SPDX-License-Identifier: Apache-2.0
import { buildInfo } from '#daemon/build-info.ts';
import { type DaemonConfig, loadConfig } from '#daemon/config/config.ts';
import { parseFlags } from '#daemon/config/flags.ts';
import { helpText } from '#daemon/config/help.ts';

/** What a command line asks for: a text and the end, or an engine. */
export type Intent = { kind: 'print'; text: string } | { kind: 'run'; config: DaemonConfig };

/** Throws with a reason that can be shown as it is. */
export function readCommandLine(argv: readonly string[]): Intent {
  const flags = parseFlags(argv);
  if (flags.get('help') === true) return { kind: 'print', text: helpText() };
  if (flags.get('version') === true) {
    return { kind: 'print', text: `Hoy version ${buildInfo.version}, build ${buildInfo.gitCommit}\n` };
  }
  const config = loadConfig(argv);
  return flags.get('validate') === true ? { kind: 'print', text: 'configuration OK\n' } : { kind: 'run', config };
}
