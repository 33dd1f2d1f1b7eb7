// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly } from '#cli/command.ts';
import { bool, string } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { toTimestamp } from '#cli/options/timestamps.ts';
import { copyFrames, copyRaw } from '#client/frames.ts';

export const logs: Command = {
  operandUsage: '[OPTIONS] CONTAINER',
  operands: exactly(1),
  flags: [
    bool('details', 'Show extra details provided to logs'),
    bool('f, follow', 'Follow log output'),
    string('since', 'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
    string('n, tail', 'Number of lines to show from the end of the logs', 'all'),
    bool('t, timestamps', 'Show timestamps'),
    string(
      'until',
      'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    ),
  ],
  async run({ engine, flags, operands, streams }) {
    const { Id: id, Config: config } = await engine.containers.inspect(operands[0] ?? '');
    const answer = await engine.containers.logs(id, {
      stdout: true,
      stderr: true,
      follow: flags.bool('follow') || undefined,
      timestamps: flags.bool('timestamps') || undefined,
      details: flags.bool('details') || undefined,
      tail: flags.string('tail'),
      since: readTime(flags, 'since'),
      until: readTime(flags, 'until'),
    });
    await (config.Tty ? copyRaw(answer, streams.stdout) : copyFrames(answer, streams));
    return 0;
  },
};

function readTime(flags: FlagValues, name: string): string | undefined {
  try {
    return toTimestamp(flags.string(name));
  } catch (error) {
    throw new Error(`invalid value for "${name}": ${(error as Error).message}`, { cause: error });
  }
}
