// SPDX-License-Identifier: Apache-2.0

import type { ExecBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { checkDetachKeys } from '#api/detach-keys.ts';
import { MULTIPLEXED_STREAM, RAW_STREAM } from '#api/hijack.ts';
import type { Router } from '#api/router.ts';
import { EngineError, invalidParameter } from '#core/errors.ts';
import type { ExecConfig } from '#model/container.ts';
import type { ContainerExecRequest, ExecStartRequest } from '#wire/types.gen.ts';
import { toExecInspect } from './inspect-json.ts';

export function execRoutes(router: Router, execs: ExecBackend): void {
  router.post('/containers/{id}/exec', async (call) => {
    const body = await call.body<ContainerExecRequest>('POST /containers/{id}/exec');
    call.json(201, { Id: await execs.create(call.param('id'), toExecConfig(body, call)) });
  });
  router.hijack('POST', '/exec/{id}/start', (call) => start(call, execs));
  router.post('/exec/{id}/resize', async (call) => {
    const size = { rows: call.query.terminalSide('h', 'height'), columns: call.query.terminalSide('w', 'width') };
    await execs.resize(call.param('id'), size);
    call.empty(200);
  });
  router.get('/exec/{id}/json', async (call) => {
    call.json(200, toExecInspect(await execs.inspect(call.param('id'))));
  });
}

function toExecConfig(body: ContainerExecRequest, { version }: Call): ExecConfig {
  const argv = body.Cmd ?? [];
  if (argv.length === 0) throw invalidParameter('No exec command specified');
  const consoleSize = version.since('1.42') ? sizeOf(body.ConsoleSize) : undefined;
  return {
    tty: body.Tty ?? false,
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    detachKeys: checkDetachKeys(body.DetachKeys ?? '', 'escape'),
    env: body.Env ?? [],
    argv,
    privileged: body.Privileged ?? false,
    user: body.User ?? '',
    workingDir: body.WorkingDir ?? '',
    ...(consoleSize && { consoleSize }),
  };
}

function sizeOf(size: number[] | null | undefined): [rows: number, columns: number] | undefined {
  const [rows, columns] = size ?? [];
  return rows === undefined || columns === undefined ? undefined : [rows, columns];
}

async function start(call: Call, execs: ExecBackend): Promise<void> {
  const body = await call.body<ExecStartRequest>('POST /exec/{id}/start');
  const id = call.param('id');
  const { Detach: detach = false, Tty: tty = false } = body;
  await execs.checkStart(id, { detach });
  const consoleSize = tty && call.version.since('1.42') ? sizeOf(body.ConsoleSize) : undefined;
  const options = { tty, detach, multiplexed: !tty, ...(consoleSize && { consoleSize }) };
  if (detach) {
    await execs.start(id, options);
    call.empty(200);
    return;
  }
  const contentType = !tty && call.version.since('1.42') ? MULTIPLEXED_STREAM : RAW_STREAM;
  const client = await call.hijack(contentType);
  try {
    await execs.start(id, { ...options, client });
  } catch (error) {
    if (tty || !(error instanceof EngineError)) throw error;
    client.stream.end(asOutput(`${error.message}\r\n`));
  }
}

const STDOUT = 1;

/** The connection is a stream of frames by now: what went wrong is told as Docker tells it, as output. */
function asOutput(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(STDOUT, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}
