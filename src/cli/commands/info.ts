// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandContext, exactly, warnLine } from '#cli/command.ts';
import { describeServer } from '#cli/commands/describe-info.ts';
import { clientVersion } from '#cli/commands/version.ts';
import { CliError } from '#cli/errors.ts';
import { string } from '#cli/flags/flag.ts';
import { FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { CLIENT_ONLY_INFO, SYSTEM_INFO } from '#cli/shapes/system.ts';
import { TemplateError } from '#cli/template/errors.ts';
import { Template } from '#cli/template/template.ts';
import { Struct } from '#cli/template/value.ts';
import { ApiError } from '#client/errors.ts';

const BAD_FORMAT = 64;

export const info: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [string('f, format', FORMAT_USAGE)],
  async run(context) {
    const format = context.flags.string('format');
    const client = { ...clientVersion(), Debug: false, Plugins: [], Warnings: null };
    return format === '' ? printInfo(context, client) : formatInfo(context, client, format);
  },
};

type Fields = Record<string, unknown>;

async function printInfo(context: CommandContext, client: Fields): Promise<number> {
  const { stdout } = context.streams;
  stdout.write(
    `Client:\n Version:    ${client.Version}\n Context:    ${client.Context}\n Debug Mode: false\n\nServer:\n`,
  );
  let server: Fields;
  try {
    server = await context.engine.system.info();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Error(`ERROR: ${error.message}\nerrors pretty printing info`, { cause: error });
  }
  stdout.write(describeServer(server));
  for (const warning of (server.Warnings as string[] | null) ?? []) warnLine(context, warning);
  return 0;
}

async function formatInfo(context: CommandContext, client: Fields, format: string): Promise<number> {
  const template = readTemplate(format);
  const needsServer = format === 'json' || format === '{{json .}}' || !isClientOnly(template, format, client);
  let server: Fields = {};
  let failure: unknown;
  if (needsServer) {
    try {
      server = await context.engine.system.info();
    } catch (error) {
      failure = error;
      if (error instanceof ApiError) warnLine(context, error.message);
    }
  }
  if (failure && !(failure instanceof ApiError)) throw failure;
  const errors = failure instanceof ApiError ? { ServerErrors: [failure.message] } : {};
  const text = template.execute(new Struct(SYSTEM_INFO, { ...server, ...errors, ClientInfo: client }));
  context.streams.stdout.write(`${text}\n`);
  return 0;
}

function readTemplate(format: string): Template {
  try {
    return new Template(format === 'json' ? '{{json .}}' : format);
  } catch (error) {
    throw new CliError(BAD_FORMAT, `template parsing error: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether the template asks only for what the client knows itself, so that no engine is needed. */
function isClientOnly(template: Template, format: string, client: Fields): boolean {
  if (!/\.[a-zA-Z]/.test(format)) return false;
  try {
    template.execute(new Struct(CLIENT_ONLY_INFO, { ClientInfo: client }));
    return true;
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
}
