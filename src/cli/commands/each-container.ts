// SPDX-License-Identifier: Apache-2.0
import { type CommandContext, printLine } from '#cli/command.ts';
import { throwJoined } from '#cli/errors.ts';

/** So many are asked for at the same time. */
const PARALLEL = 50;

/** Does something to every container named and prints the names where it worked, in their order. */
export async function forEachContainer(
  context: CommandContext,
  action: (ref: string) => Promise<void>,
  tolerate: (error: unknown) => boolean = () => false,
): Promise<number> {
  const outcomes = startAll(context.operands, action);
  const errors: unknown[] = [];
  for (const [index, ref] of context.operands.entries()) {
    const error = await outcomes[index];
    if (error === undefined) printLine(context, ref);
    else if (!tolerate(error)) errors.push(error);
  }
  throwJoined(errors);
  return 0;
}

/** Starts all actions, no more than `PARALLEL` at a time; each promise resolves to its error, if any. */
function startAll(refs: readonly string[], action: (ref: string) => Promise<void>): Promise<unknown>[] {
  const outcomes: Promise<unknown>[] = [];
  for (const [index, ref] of refs.entries()) {
    const attempt = async (): Promise<unknown> => {
      if (index >= PARALLEL) await outcomes[index - PARALLEL];
      return action(ref).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    outcomes.push(attempt());
  }
  return outcomes;
}
