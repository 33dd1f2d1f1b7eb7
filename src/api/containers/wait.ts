// SPDX-License-Identifier: Apache-2.0

import type { ContainerBackend } from '#api/backend.ts';
import type { Call } from '#api/call.ts';
import { isPlain } from '#api/hijack.ts';
import type { Router } from '#api/router.ts';
import { invalidParameter } from '#core/errors.ts';
import type { WaitCondition, WaitResult } from '#model/client.ts';

const CONDITIONS: readonly string[] = ['not-running', 'next-exit', 'removed'];

/**
 * The head is sent at once, so that clients know that they wait; the body comes when the condition holds. The connection
 * of a plain socket is given to the container's shim meanwhile, which answers even if the engine is gone by then.
 */
export function waitRoute(router: Router, containers: ContainerBackend): void {
  router.stream('POST', '/containers/{id}/wait', async (call) => {
    const condition = conditionOf(call);
    const waiting = await containers.wait(call.param('id'), condition, call.signal);
    // Whoever gives up first, nobody is left to hear of it.
    waiting.result.catch(() => {});
    // An aborted wait never settles, and half a connection would stay open for it.
    call.signal.addEventListener('abort', () => call.response.destroy(), { once: true });
    if (call.version.before('1.30')) {
      call.json(200, toAnswer(await waiting.result));
      return;
    }
    sendHead(call);
    if (await handedOver(call, waiting.id, condition, containers)) return;
    await answer(call, waiting.result, condition);
  });
}

function conditionOf({ query, version }: Call): WaitCondition {
  const condition = query.text('condition');
  if (condition === '' || version.before('1.30')) return 'not-running';
  if (!CONDITIONS.includes(condition)) throw invalidParameter(`invalid condition: ${JSON.stringify(condition)}`);
  return condition as WaitCondition;
}

function sendHead({ request, response }: Call): void {
  // The shim ends the connection behind its answer, and it writes chunks.
  if (request.httpVersion !== '1.0') response.setHeader('Transfer-Encoding', 'chunked');
  response.writeHead(200, { 'Content-Type': 'application/json', Connection: 'close' });
  response.flushHeaders();
}

async function handedOver(
  { request }: Call,
  id: string,
  condition: WaitCondition,
  containers: ContainerBackend,
): Promise<boolean> {
  const { socket } = request;
  if (request.httpVersion === '1.0' || !isPlain(socket) || socket.destroyed) return false;
  return containers.handOverWait(id, { stream: socket, passable: true, head: Buffer.alloc(0) }, condition);
}

async function answer(call: Call, result: Promise<WaitResult>, condition: WaitCondition): Promise<void> {
  const settled = await result;
  // Before 1.34 there was no way to say that a removal failed but to say nothing.
  const isSilent = settled.error !== undefined && condition === 'removed' && call.version.before('1.34');
  call.response.end(isSilent ? '' : `${JSON.stringify(toAnswer(settled))}\n`);
}

const toAnswer = ({ exitCode, error }: WaitResult) => ({
  StatusCode: exitCode,
  ...(error !== undefined && { Error: { Message: error } }),
});
