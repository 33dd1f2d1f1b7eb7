// SPDX-License-Identifier: Apache-2.0
import type { ImageContext } from '#image/deps.ts';

/** Emits an image event as Docker does: the image's labels are its attributes, with the name that was used. */
export function announce(context: ImageContext, action: string, imageId: string, name: string): void {
  const labels = context.rows.image(imageId)?.config.run.labels ?? {};
  context.events.emit({ type: 'image', action, actor: { id: imageId, attributes: { ...labels, name } } });
}
