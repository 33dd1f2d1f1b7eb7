// SPDX-License-Identifier: Apache-2.0
import type { Command, Entry } from '#cli/command.ts';
import type { Flag } from '#cli/flags/flag.ts';
import { describeFlags } from '#cli/flags/flag-usage.ts';
import { PROGRAM } from '#cli/program.ts';
import { COMMANDS, GROUPS, properName } from '#cli/table.ts';

const NAME_COLUMN = 11;

/** `hoy ps [OPTIONS]`, the line that shows how a command is called. */
export function usageLine(entry: Entry, name: string, command: Command): string {
  return `${PROGRAM} ${properName(entry, name)} ${command.operandUsage}`.trimEnd();
}

/** `hoy COMMAND --help`. */
export function commandHelp(entry: Entry, name: string, command: Command, columns: number): string {
  const sections = [`Usage:  ${usageLine(entry, name, command)}`, entry.short];
  if (entry.names.length > 1) {
    sections.push(`Aliases:\n  ${entry.names.map((alias) => `${PROGRAM} ${alias}`).join(', ')}`);
  }
  const flags = describeFlags(command.flags, columns);
  if (flags) sections.push(`Options:\n${flags}`);
  return `${sections.join('\n\n')}\n`;
}

/** `hoy container --help`. */
export function groupHelp(group: string): string {
  const entries = COMMANDS.flatMap((entry) => {
    const name = entry.names.find((candidate) => candidate.startsWith(`${group} `));
    return name === undefined ? [] : [{ name: name.slice(group.length + 1), short: entry.short }];
  });
  return [
    `Usage:  ${PROGRAM} ${group} COMMAND`,
    GROUPS[group],
    `Commands:\n${listing(entries)}`,
    `Run '${PROGRAM} ${group} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

/** `hoy --help`. */
export function mainHelp(flags: readonly Flag[], columns: number): string {
  const atTop = COMMANDS.flatMap((entry) => {
    const name = entry.names.find((candidate) => !candidate.includes(' '));
    return name === undefined ? [] : [{ name, short: entry.short, common: entry.common }];
  });
  const common = atTop.filter((entry) => entry.common !== undefined).sort((a, b) => (a.common ?? 0) - (b.common ?? 0));
  const groups = Object.entries(GROUPS).map(([name, short]) => ({ name, short }));
  return [
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    'A container engine that speaks the Docker Engine API',
    `Common Commands:\n${common.map(describe).join('\n')}`,
    `Management Commands:\n${listing(groups)}`,
    `Commands:\n${listing(atTop.filter((entry) => entry.common === undefined))}`,
    `Global Options:\n${describeFlags(flags, columns)}`,
    `Run '${PROGRAM} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

const listing = (entries: readonly { name: string; short: string }[]): string =>
  entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(describe)
    .join('\n');

const describe = ({ name, short }: { name: string; short: string }): string => `  ${name.padEnd(NAME_COLUMN)} ${short}`;
