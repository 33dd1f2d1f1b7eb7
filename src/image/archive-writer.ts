// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestFromHex, digestOf, hexOf } from '#oci/digest.ts';
import { emptyRunConfig, encodeImageConfig, type RunConfig } from '#oci/image-config.ts';
import { hostPlatform, type OciPlatform } from '#oci/platform.ts';
import type { TarEntry } from '#tar/entry.ts';
import { END_OF_ARCHIVE, header, member, padding, tarEntry } from '#tar/writer.ts';

/** A member of a layer, with its data for a file. */
export interface LayerMember {
  entry: TarEntry;
  data?: Buffer | { path: string };
}

export interface ImageArchive {
  /** Base first: directories whose contents become a layer of root's files, or lists of members. */
  layers: readonly (string | readonly LayerMember[])[];
  config?: Partial<RunConfig>;
  /** What made each layer, shown by `docker history`. */
  createdBy?: readonly string[];
  repoTags: readonly string[];
  platform?: OciPlatform;
  /** @default 1970, so that the same content gives the same image */
  created?: Date;
}

/** Writes a docker-archive. The same content always gives the same bytes. The file appears whole, or not at all. */
export async function writeImageArchive(path: string, image: ImageArchive): Promise<{ imageId: Digest }> {
  const partial = `${path}.partial`;
  try {
    await using file = await open(partial, 'w');
    const diffIds: Digest[] = [];
    const names: string[] = [];
    for (const layer of image.layers) {
      const members = typeof layer === 'string' ? await directoryMembers(layer) : layer;
      const { diffId, sizeBytes } = await measure(members);
      diffIds.push(diffId);
      names.push(`${hexOf(diffId)}/layer.tar`);
      await file.appendFile(header(tarEntry({ name: names.at(-1) ?? '', sizeBytes })));
      for await (const chunk of layerTar(members)) await file.appendFile(chunk);
      await file.appendFile(padding(sizeBytes));
    }
    const config = configFor(image, diffIds);
    const imageId = digestOf(config);
    const manifest = [{ Config: `${hexOf(imageId)}.json`, RepoTags: image.repoTags, Layers: names }];
    await file.appendFile(member(tarEntry({ name: `${hexOf(imageId)}.json` }), config));
    await file.appendFile(member(tarEntry({ name: 'manifest.json' }), Buffer.from(JSON.stringify(manifest))));
    await file.appendFile(END_OF_ARCHIVE);
    await file.sync();
    await rename(partial, path);
    return { imageId };
  } finally {
    await rm(partial, { force: true });
  }
}

function configFor(image: ImageArchive, diffIds: Digest[]): Buffer {
  const created = image.created ?? new Date(0);
  const history = diffIds.map((_, i) => ({
    created,
    createdBy: image.createdBy?.[i] ?? '',
    author: '',
    comment: '',
    emptyLayer: false,
  }));
  const run = { ...emptyRunConfig(), ...image.config };
  return encodeImageConfig({ platform: image.platform ?? hostPlatform(), created, author: '', run, diffIds, history });
}

async function measure(members: readonly LayerMember[]): Promise<{ diffId: Digest; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of layerTar(members)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { diffId: digestFromHex(hash.digest('hex')), sizeBytes };
}

async function* layerTar(members: readonly LayerMember[]): AsyncGenerator<Buffer> {
  for (const { entry, data } of members) {
    if (data === undefined || Buffer.isBuffer(data)) yield member(entry, data);
    else {
      yield header(entry);
      yield* createReadStream(data.path);
      yield padding(entry.sizeBytes);
    }
  }
  yield END_OF_ARCHIVE;
}

/** Files, directories and links below a directory, sorted, as root's, without times. */
async function directoryMembers(root: string, below = ''): Promise<LayerMember[]> {
  const members: LayerMember[] = [];
  for (const name of (await readdir(join(root, below))).sort()) {
    const relative = below === '' ? name : `${below}/${name}`;
    const path = join(root, relative);
    const stat = await lstat(path);
    const mode = stat.mode & 0o7777;
    if (stat.isDirectory()) {
      members.push(
        { entry: tarEntry({ name: `${relative}/`, type: 'directory', mode }) },
        ...(await directoryMembers(root, relative)),
      );
    } else if (stat.isSymbolicLink()) {
      members.push({
        entry: tarEntry({ name: relative, type: 'symbolic-link', mode: 0o777, linkName: await readlink(path) }),
      });
    } else if (stat.isFile()) {
      members.push({ entry: tarEntry({ name: relative, mode, sizeBytes: stat.size }), data: { path } });
    } else throw new Error(`${path} is neither a file, a directory nor a link`);
  }
  return members;
}
