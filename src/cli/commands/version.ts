// SPDX-License-Identifier: Apache-2.0
import { BUILD } from '#cli/build-info.ts';
import { type Command, type CommandContext, exactly } from '#cli/command.ts';
import { CliError } from '#cli/errors.ts';
import { string } from '#cli/flags/flag.ts';
import { parseFormat } from '#cli/format/render.ts';
import { alignTabs } from '#cli/format/table.ts';
import { formatAnsiTime } from '#cli/format/time.ts';
import { FORMAT_USAGE } from '#cli/options/format-usage.ts';
import { hostArchitecture } from '#cli/options/platform.ts';
import { VERSIONS } from '#cli/shapes/system.ts';
import { Struct } from '#cli/template/value.ts';
import { CLIENT_API_VERSION } from '#client/connection.ts';
import type { VersionJson } from '#client/types.ts';

const BAD_FORMAT = 64;

/** What the client says of itself, in Docker's shape. */
export function clientVersion(apiVersion?: string): Record<string, string> {
  return {
    Version: BUILD.version,
    ...(apiVersion && { ApiVersion: apiVersion }),
    DefaultAPIVersion: CLIENT_API_VERSION,
    GitCommit: BUILD.gitCommit,
    // Clients expect the name of a language's version here.
    GoVersion: `node ${process.version}`,
    Os: process.platform,
    Arch: hostArchitecture(),
    BuildTime: formatAnsiTime(BUILD.builtAt),
    Context: 'default',
  };
}

export const version: Command = {
  operandUsage: '[OPTIONS]',
  operands: exactly(0),
  flags: [string('f, format', FORMAT_USAGE)],
  async run(context) {
    const format = context.flags.string('format');
    const template = readTemplate(format);
    const { server, failure } = await askServer(context);
    const ping = failure ? undefined : await context.engine.connection.ping();
    const client = clientVersion(ping?.apiVersion ?? CLIENT_API_VERSION);
    const text = template
      ? `${template.execute(new Struct(VERSIONS, { Client: client, Server: server ?? null }))}\n`
      : alignTabs(describe(client, server), { minimumWidth: 20, padding: 1 });
    context.streams.stdout.write(text);
    if (failure) throw failure;
    return 0;
  },
};

function readTemplate(format: string): ReturnType<typeof parseFormat> | undefined {
  if (format === '') return undefined;
  try {
    return parseFormat(format === 'json' ? '{{json .}}' : format, 'version');
  } catch (error) {
    throw new CliError(BAD_FORMAT, (error as Error).message, { cause: error });
  }
}

async function askServer(context: CommandContext): Promise<{ server?: VersionJson; failure?: unknown }> {
  try {
    return { server: withEngine(await context.engine.system.version()) };
  } catch (failure) {
    return { failure };
  }
}

/** Old engines don't list their components: then they are the only one. */
function withEngine(server: VersionJson): VersionJson {
  const components = (server.Components ?? []).map((component) => {
    const { BuildTime: built } = component.Details ?? {};
    if (component.Name !== 'Engine' || built === undefined) return component;
    return { ...component, Details: { ...component.Details, BuildTime: formatAnsiTime(built) } };
  });
  if (components.some((component) => component.Name === 'Engine')) return { ...server, Components: components };
  const engine = {
    Name: 'Engine',
    Version: server.Version,
    Details: {
      ApiVersion: server.ApiVersion,
      MinAPIVersion: server.MinAPIVersion ?? '',
      GitCommit: server.GitCommit ?? '',
      GoVersion: server.GoVersion ?? '',
      Os: server.Os ?? '',
      Arch: server.Arch ?? '',
      BuildTime: formatAnsiTime(server.BuildTime ?? ''),
      Experimental: String(server.Experimental ?? false),
    },
  };
  return { ...server, Components: [...components, engine] };
}

function describe(client: Record<string, string>, server: VersionJson | undefined): string {
  const { ApiVersion = '', DefaultAPIVersion = '' } = client;
  const downgraded = ApiVersion === DefaultAPIVersion ? '' : ` (downgraded from ${DefaultAPIVersion})`;
  const lines = [
    'Client:',
    ` Version:\t${client.Version}`,
    ` API version:\t${ApiVersion}${downgraded}`,
    ` Go version:\t${client.GoVersion}`,
    ` Git commit:\t${client.GitCommit}`,
    ` Built:\t${client.BuildTime}`,
    ` OS/Arch:\t${client.Os}/${client.Arch}`,
    ` Context:\t${client.Context}`,
  ];
  if (server) lines.push('', ...describeServer(server));
  return `${lines.join('\n')}\n`;
}

function describeServer(server: VersionJson): string[] {
  const platform = server.Platform?.Name;
  const components = (server.Components ?? []).flatMap(({ Name, Version, Details }) => [
    ` ${Name}:`,
    `  Version:\t${Version}`,
    ...(Name === 'Engine' ? describeEngine(Details ?? {}) : describeDetails(Details ?? {})),
  ]);
  return [`Server:${platform ? ` ${platform}` : ''}`, ...components];
}

const describeEngine = (details: Record<string, string>): string[] => [
  `  API version:\t${details.ApiVersion ?? ''} (minimum version ${details.MinAPIVersion ?? ''})`,
  `  Go version:\t${details.GoVersion ?? ''}`,
  `  Git commit:\t${details.GitCommit ?? ''}`,
  `  Built:\t${details.BuildTime ?? ''}`,
  `  OS/Arch:\t${details.Os ?? ''}/${details.Arch ?? ''}`,
  `  Experimental:\t${details.Experimental ?? ''}`,
];

const describeDetails = (details: Record<string, string>): string[] =>
  Object.keys(details)
    .sort()
    .map((key) => `  ${key}:\t${details[key]}`);
