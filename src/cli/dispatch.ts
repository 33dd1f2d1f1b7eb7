// SPDX-License-Identifier: Apache-2.0
import { BUILD } from '#cli/build-info.ts';
import type { Command, CommandContext, Entry, Streams } from '#cli/command.ts';
import { configFolder, readConfigFile } from '#cli/config-file.ts';
import { CliError } from '#cli/errors.ts';
import type { Flag } from '#cli/flags/flag.ts';
import type { FlagValues } from '#cli/flags/flag-values.ts';
import { FlagError, type ParsedArguments, parseFlags } from '#cli/flags/parse-flags.ts';
import { endpointOf, globalFlags } from '#cli/global-flags.ts';
import { commandHelp, groupHelp, mainHelp, usageLine } from '#cli/help.ts';
import { PROGRAM } from '#cli/program.ts';
import { startEngine } from '#cli/start-engine.ts';
import { COMMANDS, findEntry, GROUPS } from '#cli/table.ts';
import { EngineClient } from '#client/engine-client.ts';

/** Exit code of a command line that can't be read, as Docker's. */
const BAD_FLAGS = 125;
const DEFAULT_COLUMNS = 80;

export interface CliOptions {
  words: readonly string[];
  streams: Streams;
  env: Readonly<Record<string, string | undefined>>;
}

/** Help was asked for: printing it is all there is to do. */
class HelpAsked extends Error {}

/** Runs one command line and resolves to its exit code. What went wrong is on standard error then. */
export async function runCli(options: CliOptions): Promise<number> {
  try {
    return await dispatch(options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message) options.streams.stderr.write(`${message}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

async function dispatch(options: CliOptions): Promise<number> {
  const { streams, env, words } = options;
  const flags = globalFlags(env);
  const columns = (streams.stdout.columns || DEFAULT_COLUMNS) - 1;
  const globals = parse(words, flags, {
    interspersed: false,
    usage: `${PROGRAM} [OPTIONS] COMMAND [ARG...]`,
    path: PROGRAM,
    help: () => mainHelp(flags, columns),
    streams,
  });
  if (!globals) return 0;
  if (globals.values.bool('version')) {
    streams.stdout.write(`Hoy version ${BUILD.version}, build ${BUILD.gitCommit}\n`);
    return 0;
  }
  const [first, ...rest] = globals.operands;
  if (first === undefined) {
    streams.stderr.write(mainHelp(flags, columns));
    return 0;
  }
  if (first === 'help') return printHelp(rest, flags, columns, streams);
  const found = find([first, ...rest], streams);
  return found ? runCommand(found, globals.values, columns, options) : 0;
}

interface Found {
  entry: Entry;
  name: string;
  words: string[];
}

/** The command that the words begin with; `undefined` if only a group was named, whose help is printed then. */
function find(words: readonly string[], streams: Streams): Found | undefined {
  const [first = '', second, ...rest] = words;
  const entry = findEntry(first);
  if (entry) return { entry, name: first, words: words.slice(1) };
  if (!Object.hasOwn(GROUPS, first)) {
    throw new CliError(
      1,
      `${PROGRAM}: unknown command: ${PROGRAM} ${first}\n\nRun '${PROGRAM} --help' for more information`,
    );
  }
  if (second === undefined || second === '--help' || second === '-h' || second === 'help') {
    (second === undefined ? streams.stderr : streams.stdout).write(groupHelp(first));
    return undefined;
  }
  const name = `${first} ${second}`;
  const inGroup = findEntry(name);
  if (inGroup) return { entry: inGroup, name, words: rest };
  throw unknownInGroup(first, second);
}

function unknownInGroup(group: string, word: string): CliError {
  const path = `${PROGRAM} ${group}`;
  const hint = `Usage:  ${path}\n\nRun '${path} --help' for more information`;
  if (!word.startsWith('-')) return new CliError(1, `${PROGRAM}: unknown command: ${path} ${word}\n\n${hint}`);
  const flag = word.startsWith('--') ? `unknown flag: ${word}` : `unknown shorthand flag: '${word[1]}' in ${word}`;
  return new CliError(BAD_FLAGS, `${flag}\n\nUsage:  ${path} COMMAND\n\nRun '${path} --help' for more information`);
}

async function printHelp(
  words: readonly string[],
  flags: readonly Flag[],
  columns: number,
  streams: Streams,
): Promise<number> {
  const [first, second] = words;
  const name =
    second !== undefined && first !== undefined && Object.hasOwn(GROUPS, first) ? `${first} ${second}` : first;
  const entry = name === undefined ? undefined : findEntry(name);
  if (name === undefined) streams.stdout.write(mainHelp(flags, columns));
  else if (entry) streams.stdout.write(commandHelp(entry, name, await entry.load(), columns));
  else if (Object.hasOwn(GROUPS, name)) streams.stdout.write(groupHelp(name));
  else throw new CliError(1, `unknown help topic: ${words.join(' ')}`);
  return 0;
}

async function runCommand(found: Found, globals: FlagValues, columns: number, options: CliOptions): Promise<number> {
  const { entry, name, words } = found;
  const { streams, env } = options;
  const command = await entry.load();
  const parsed = parse(words, command.flags, {
    interspersed: command.interspersed ?? true,
    usage: usageLine(entry, name, command),
    path: `${PROGRAM} ${name}`,
    help: () => commandHelp(entry, name, command, columns),
    streams,
  });
  if (!parsed) return 0;
  for (const note of parsed.notes) streams.stderr.write(`${note}\n`);
  checkOperands(parsed.operands, command, name, usageLine(entry, name, command));
  const context = createContext(name, parsed, globals, { streams, env });
  try {
    return (await command.run(context)) ?? 0;
  } finally {
    context.engine.connection.close();
  }
}

interface ParseSetting {
  interspersed: boolean;
  usage: string;
  path: string;
  help: () => string;
  streams: Streams;
}

/** Reads flags; `undefined` if help was asked for and printed. */
function parse(words: readonly string[], flags: readonly Flag[], setting: ParseSetting): ParsedArguments | undefined {
  try {
    const onHelp = (): never => {
      throw new HelpAsked();
    };
    const parsed = parseFlags(words, flags, { interspersed: setting.interspersed, onHelp });
    // `run` has a flag of that name, because its -h is the host name.
    if (flags.some((flag) => flag.name === 'help') && parsed.values.bool('help')) onHelp();
    return parsed;
  } catch (error) {
    if (error instanceof HelpAsked) {
      setting.streams.stdout.write(setting.help());
      return undefined;
    }
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      BAD_FLAGS,
      `${error.message}\n\nUsage:  ${setting.usage}\n\nRun '${setting.path} --help' for more information`,
    );
  }
}

function checkOperands(operands: readonly string[], command: Command, name: string, usage: string): void {
  const { minimum, maximum } = command.operands;
  if (operands.length >= minimum && operands.length <= maximum) return;
  const path = `${PROGRAM} ${name}`;
  const see = maximum === Number.POSITIVE_INFINITY ? 'See' : 'Run';
  throw new CliError(
    1,
    `${PROGRAM}: '${path}' ${describeCount(minimum, maximum)}\n\nUsage:  ${usage}\n\n${see} '${path} --help' for more information`,
  );
}

function describeCount(minimum: number, maximum: number): string {
  const counted = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`;
  if (maximum === 0) return 'accepts no arguments';
  if (minimum === maximum) return `requires ${counted(minimum)}`;
  if (maximum === Number.POSITIVE_INFINITY) return `requires at least ${counted(minimum)}`;
  if (minimum === 0) return `requires at most ${counted(maximum)}`;
  return `requires at least ${minimum} and at most ${counted(maximum)}`;
}

function createContext(
  path: string,
  parsed: ParsedArguments,
  globals: FlagValues,
  { streams, env }: Pick<CliOptions, 'streams' | 'env'>,
): CommandContext {
  const folder = configFolder(globals.string('config'), env);
  const config = readConfigFile(folder, (message) => streams.stderr.write(`${message}\n`));
  const endpoint = endpointOf(globals, env);
  const engine = new EngineClient(endpoint, {
    apiVersion: env.DOCKER_API_VERSION?.replace(/^v/, ''),
    headers: config.headers,
    ...(endpoint.isDefault && { onAbsent: () => startEngine(endpoint, streams.stderr) }),
  });
  return { path, operands: parsed.operands, flags: parsed.values, engine, streams, config, env, entries: COMMANDS };
}
