// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync, writeFileSync } from 'node:fs';
import { messageOf } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { ImageService } from '#image/service.ts';

export interface BuiltInImageDeps {
  images: Pick<ImageService, 'load'>;
  logger: Logger;
}

/**
 * Loads the image that comes with Hoy at the first start of a data root. `marker` remembers that it was done, so that
 * somebody who removes the image does not get it again.
 */
export async function loadBuiltInImage(
  archive: string,
  marker: string,
  { images, logger }: BuiltInImageDeps,
): Promise<void> {
  if (existsSync(marker)) return;
  if (!existsSync(archive)) {
    logger.warn({ archive }, 'the built-in image is missing: run the set-up to make it');
    return;
  }
  const signal = new AbortController().signal;
  try {
    const progress = images.load(createReadStream(archive), { platforms: [], quiet: true, signal });
    for await (const { stream } of progress) if (stream) logger.info({}, stream.trim());
    writeFileSync(marker, '', { flush: true });
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'the built-in image could not be loaded');
  }
}
