// SPDX-License-Identifier: Apache-2.0
import { atLeast, type Command, warnLine } from '#cli/command.ts';
import { forEachContainer } from '#cli/commands/each-container.ts';
import { bool } from '#cli/flags/flag.ts';
import { isNotFound } from '#client/errors.ts';

export const rm: Command = {
  operandUsage: '[OPTIONS] CONTAINER [CONTAINER...]',
  operands: atLeast(1),
  flags: [
    bool('f, force', 'Force the removal of a running container (uses SIGKILL)'),
    bool('l, link', 'Remove the specified link'),
    bool('v, volumes', 'Remove anonymous volumes associated with the container'),
  ],
  async run(context) {
    const { flags, engine } = context;
    const options = { force: flags.bool('force'), link: flags.bool('link'), volumes: flags.bool('volumes') };
    const remove = async (ref: string): Promise<void> => {
      const name = ref.replace(/^\/+|\/+$/g, '');
      if (!name) throw new Error('container name cannot be empty');
      await engine.containers.remove(name, options);
    };
    // What is to be gone by force may be gone already.
    return forEachContainer(context, remove, (error) => {
      if (!options.force || !isNotFound(error)) return false;
      warnLine(context, (error as Error).message);
      return true;
    });
  },
};
