// SPDX-License-Identifier: Apache-2.0
import type { Image, ManifestDescriptor, Platform } from '#model/image.ts';

/** What the container part needs of the image store. */
export interface ImageResolver {
  /** By reference, digest, full ID or unambiguous short ID. Throws `No such image: …` in Docker's words. */
  resolve(
    ref: string,
    platform?: Platform,
  ): Promise<{
    image: Image;
    /** The manifest of the platform; absent for what was loaded without one. */
    manifest?: ManifestDescriptor;
    /** Chain ID of the top layer; undefined for an image without layers. */
    chainId?: string;
  }>;
  /** The image with this ID, if it is still there. */
  byId(id: string): Promise<Image | undefined>;
}

/** What the image part needs to know of containers before it removes something. */
export interface ImageUsers {
  /** Containers made from the image, running ones told apart. */
  usersOf(imageId: string): { id: string; running: boolean }[];
}
