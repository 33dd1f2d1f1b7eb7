// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { type CommandContext, terminalSize, warnLine } from '#cli/command.ts';
import { CliError } from '#cli/errors.ts';
import { parseFamiliar, referenceError } from '#cli/format/reference.ts';
import type { CreateBody } from '#cli/options/create-body.ts';
import { readCreateBody } from '#cli/options/create-body.ts';
import { fileError } from '#cli/options/key-values.ts';
import { proxyEnvironment } from '#cli/options/proxies.ts';
import { PROGRAM } from '#cli/program.ts';
import { showProgress } from '#cli/streams/progress.ts';
import { ApiError, isNotFound } from '#client/errors.ts';
import type { CreateAnswer } from '#client/types.ts';

/** The engine refused, or the command line makes no sense. */
const ENGINE_FAILED = 125;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Reads the command line of `run` or `create`. */
export function readContainer(context: CommandContext, command: 'run' | 'create'): CreateBody {
  try {
    checkPullPolicy(context.flags.string('pull'));
    const body = readCreateBody(context.flags, context.operands, context.env);
    body.Env = [
      ...proxyEnvironment(context.config.proxies, context.engine.connection.endpoint.host, body.Env),
      ...body.Env,
    ];
    if (context.flags.bool('use-api-socket')) mountApiSocket(context, body);
    return body;
  } catch (error) {
    throw new CliError(ENGINE_FAILED, withHelp(error, command), { cause: error });
  }
}

function checkPullPolicy(policy: string): void {
  if (['', 'always', 'missing', 'never'].includes(policy)) return;
  throw new Error(`invalid pull option: '${policy}': must be one of "always", "missing" or "never"`);
}

function mountApiSocket(context: CommandContext, body: CreateBody): void {
  const { address, host } = context.engine.connection.endpoint;
  if (!('socketPath' in address)) {
    throw new Error(`flag --use-api-socket can only be used with unix sockets: docker endpoint ${host} incompatible`);
  }
  const mount = { Type: 'bind', Source: address.socketPath, Target: '/var/run/docker.sock', BindOptions: {} };
  body.HostConfig.Mounts.push(mount);
}

export const withHelp = (error: unknown, command: string): string =>
  `${PROGRAM}: ${(error as Error).message}\n\nRun '${PROGRAM} ${command} --help' for more information`;

/** What a failure to create or start means for the exit code: 127 no such program, 126 not executable, else 125. */
export function startFailure(error: unknown): CliError {
  const { message } = error as Error;
  const has = (...texts: string[]): boolean => texts.some((text) => message.includes(text));
  const code = has('executable file not found', 'no such file or directory')
    ? NOT_FOUND
    : has('permission denied', 'is a directory')
      ? NOT_EXECUTABLE
      : ENGINE_FAILED;
  return new CliError(code, withHelp(error, 'run'), { cause: error });
}

/** Makes the container, after pulling its image if need be, and writes the ID file. Resolves to the ID. */
export async function createContainer(context: CommandContext, body: CreateBody): Promise<string> {
  using idFile = new IdFile(body.HostConfig.ContainerIDFile);
  checkImage(body.Image);
  const { rows, columns } = terminalSize(context.streams);
  body.HostConfig.ConsoleSize = [rows, columns];
  if (context.flags.string('pull') === 'always') await pull(context, body.Image);
  const answer = await createOrPull(context, body);
  for (const warning of [...(answer.Warnings ?? []), ...localDnsWarnings(body)])
    warnLine(context, `WARNING: ${warning}`);
  idFile.write(answer.Id);
  return answer.Id;
}

function checkImage(image: string): void {
  const isId = /^(sha256:)?[0-9a-f]{64}$/.test(image);
  if (!isId && !parseFamiliar(image)) throw referenceError(image);
}

async function createOrPull(context: CommandContext, body: CreateBody): Promise<CreateAnswer> {
  const { flags, engine } = context;
  const create = (): Promise<CreateAnswer> =>
    engine.containers.create(body, flags.string('name'), flags.string('platform'));
  try {
    return await create();
  } catch (error) {
    const reference = parseFamiliar(body.Image);
    if (!isNotFound(error) || flags.string('pull') !== 'missing' || !reference) throw error;
    const { name, tag, digest } = reference;
    if (!flags.bool('quiet')) {
      const shown = digest ? body.Image : `${name}:${tag || 'latest'}`;
      warnLine(context, `Unable to find image '${shown}' locally`);
    }
    await pull(context, body.Image, error);
    return create();
  }
}

/** Pulls an image. An engine without registries has no such call: then `otherwise` says better what is wrong. */
async function pull(context: CommandContext, image: string, otherwise?: unknown): Promise<void> {
  const { name = '', tag = '', digest = '' } = parseFamiliar(image) ?? {};
  const messages = context.engine.images.pull(name, digest || tag || 'latest', context.flags.string('platform'));
  try {
    if (!context.flags.bool('quiet')) return await showProgress(messages, context.streams.stderr);
    for await (const message of messages) if (message.error) throw new Error(message.error);
  } catch (error) {
    const isMissing = error instanceof ApiError && (error.status === 501 || /page not found/.test(error.message));
    throw isMissing && otherwise ? otherwise : error;
  }
}

function localDnsWarnings(body: CreateBody): string[] {
  const local = body.HostConfig.Dns.find((address) => address.startsWith('127.') || address === '::1');
  return local ? [`Localhost DNS (${local}) may fail in containers.`] : [];
}

/** The file of `--cidfile`: claimed before the container is made, and removed again if that fails. */
class IdFile implements Disposable {
  readonly #path: string;
  readonly #descriptor: number | undefined;
  #isWritten = false;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = path ? claim(path) : undefined;
  }

  write(id: string): void {
    if (this.#descriptor === undefined) return;
    writeSync(this.#descriptor, id);
    this.#isWritten = true;
  }

  [Symbol.dispose](): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    if (!this.#isWritten) rmSync(this.#path, { force: true });
  }
}

function claim(path: string): number {
  try {
    return openSync(path, 'wx', 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`);
    }
    throw new Error(`failed to create the container ID file: ${fileError(path, error).message}`, { cause: error });
  }
}
