// SPDX-License-Identifier: Apache-2.0
import { type Command, exactly } from '#cli/command.ts';
import { parseFamiliar, referenceError } from '#cli/format/reference.ts';

export const tag: Command = {
  operandUsage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  operands: exactly(2),
  interspersed: false,
  flags: [],
  async run({ engine, operands }) {
    const [source = '', target = ''] = operands;
    const reference = parseFamiliar(target);
    if (!reference) {
      throw new Error(
        `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${referenceError(target).message}`,
      );
    }
    if (reference.digest) throw new Error('refusing to create a tag with a digest reference');
    await engine.images.tag(source, reference.name, reference.tag || 'latest');
    return 0;
  },
};
