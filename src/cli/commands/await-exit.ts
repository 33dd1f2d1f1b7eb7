// SPDX-License-Identifier: Apache-2.0
import { type CommandContext, warnLine } from '#cli/command.ts';
import type { WaitAnswer } from '#client/types.ts';

const ENGINE_FAILED = 125;

/** The container's exit code; what kept the engine from knowing it is said, and is 125. */
export async function awaitExit(context: CommandContext, result: Promise<WaitAnswer>): Promise<number> {
  try {
    const { StatusCode, Error: failure } = await result;
    if (!failure) return StatusCode;
    warnLine(context, `Error waiting for container: ${failure.Message}`);
  } catch (error) {
    warnLine(context, `error waiting for container: ${(error as Error).message}`);
  }
  return ENGINE_FAILED;
}
