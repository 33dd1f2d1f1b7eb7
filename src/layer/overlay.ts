// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { O_DIRECTORY, O_PATH } from '#linux/at.ts';
import { mount } from '#linux/mount.ts';

/**
 * Features that a layer written elsewhere can't rely on, and that would make the upper directory unreadable for
 * others, are off whatever the kernel's defaults are.
 */
const FIXED_OPTIONS = 'index=off,redirect_dir=nofollow,metacopy=off';

/** Options have to fit into one page for kernels that have no `lowerdir+`. */
const MAX_OPTION_BYTES = 4000;

export interface OverlayDirectories {
  /** Top first. */
  lowers: readonly string[];
  upper: string;
  work: string;
}

/** Options for lower directories alone: a read-only view. At least two are needed. */
export const lowerOptions = (lowers: readonly string[]): string =>
  `lowerdir=${lowers.map(escapePath).join(':')},metacopy=off`;

/** Mounts the directories at `target`. `label` is a SELinux context. */
export function mountOverlay(target: string, directories: OverlayDirectories, label?: string): void {
  const options = optionsFor(directories, label);
  if (Buffer.byteLength(options) <= MAX_OPTION_BYTES) mount('overlay', target, 'overlay', 0, options);
  else mountShortened(target, directories, label);
}

function optionsFor({ lowers, upper, work }: OverlayDirectories, label?: string): string {
  const context = label ? `,context="${label}"` : '';
  return `lowerdir=${lowers.map(escapePath).join(':')},upperdir=${escapePath(upper)},workdir=${escapePath(work)},${FIXED_OPTIONS}${context}`;
}

/** Names the lower directories from a descriptor of the directory that they share. */
function mountShortened(target: string, directories: OverlayDirectories, label?: string): void {
  const shared = dirname(directories.lowers.at(-1) ?? '/');
  const fd = openSync(shared, O_PATH | O_DIRECTORY);
  try {
    const shorten = (path: string): string =>
      dirname(path) === shared ? `/proc/self/fd/${fd}/${relative(shared, path)}` : path;
    mount(
      'overlay',
      target,
      'overlay',
      0,
      optionsFor({ ...directories, lowers: directories.lowers.map(shorten) }, label),
    );
  } finally {
    closeSync(fd);
  }
}

/** Overlay splits at colons and commas. */
const escapePath = (path: string): string => path.replace(/[\\:,]/g, '\\$&');
