// SPDX-License-Identifier: Apache-2.0
import { invalidParameter } from '#core/errors.ts';
import { targetFor } from '#image/docker-archive.ts';
import type { PlannedTarget } from '#image/plan.ts';
import type { ReceivedArchive } from '#image/received-archive.ts';
import type { ReceivedFile } from '#layer/worker-protocol.ts';
import { objectOf, optionalObject, optionalString, parseJsonObject, stringMap } from '#oci/json.ts';
import { parseReference, type Reference } from '#oci/reference.ts';

export const LEGACY_REPOSITORIES_FILE = 'repositories';

const LAYER_ID = /^[a-f0-9]{64}$/;
const MAX_LAYERS = 500;

/** Turns a file that is a layer into the digest of its uncompressed tar. */
export type DiffIdOf = (file: ReceivedFile) => Promise<string>;

/**
 * Reads what `docker save` wrote before 1.10: `repositories` names a top layer for each tag, and each layer's
 * directory has a `json` with its parent. There were no configs then: one is made from the top layer's own.
 */
export async function planLegacyArchive(archive: ReceivedArchive, diffIdOf: DiffIdOf): Promise<PlannedTarget[]> {
  const repositories = parseJsonObject(
    await archive.read(archive.get(LEGACY_REPOSITORIES_FILE)),
    LEGACY_REPOSITORIES_FILE,
  );
  const references = new Map<string, Reference[]>();
  for (const [name, tags] of Object.entries(repositories)) {
    for (const [tag, layerId] of Object.entries(stringMap(tags, LEGACY_REPOSITORIES_FILE))) {
      references.set(layerId, [...(references.get(layerId) ?? []), parseReference(`${name}:${tag}`)]);
    }
  }
  const targets: PlannedTarget[] = [];
  for (const [layerId, names] of references) targets.push(await planImage(archive, layerId, names, diffIdOf));
  return targets;
}

async function planImage(
  archive: ReceivedArchive,
  topId: string,
  references: Reference[],
  diffIdOf: DiffIdOf,
): Promise<PlannedTarget> {
  const layers: { file: ReceivedFile; json: Record<string, unknown> }[] = [];
  for (let id: string | undefined = topId; id !== undefined; ) {
    if (!LAYER_ID.test(id))
      throw invalidParameter(`invalid archive: invalid layer ID ${JSON.stringify(id.slice(0, 100))}`);
    if (layers.length === MAX_LAYERS) throw invalidParameter(`invalid archive: more than ${MAX_LAYERS} layers`);
    const json = parseJsonObject(await archive.read(archive.get(`${id}/json`)), `${id}/json`);
    layers.unshift({ file: archive.get(`${id}/layer.tar`), json });
    id = optionalString(json.parent, 'parent');
  }
  const diffIds: string[] = [];
  for (const { file } of layers) diffIds.push(await diffIdOf(file));
  const top = layers.at(-1)?.json ?? {};
  return targetFor(
    configFrom(
      top,
      layers.map(({ json }) => json),
      diffIds,
    ),
    layers.map(({ file }) => file),
    references,
  );
}

function configFrom(top: Record<string, unknown>, layers: Record<string, unknown>[], diffIds: string[]): Buffer {
  const {
    id: _id,
    parent: _parent,
    parent_id: _parentId,
    layer_id: _layerId,
    Size: _size,
    throwaway: _throwaway,
    ...kept
  } = top;
  const history = layers.map((layer) => {
    const command = optionalObject(objectOf(layer, 'layer').container_config, 'container_config').Cmd;
    return {
      created: optionalString(layer.created, 'created'),
      author: optionalString(layer.author, 'author'),
      created_by: Array.isArray(command) ? command.join(' ') : '',
      comment: optionalString(layer.comment, 'comment'),
    };
  });
  return Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      ...kept,
      rootfs: { type: 'layers', diff_ids: diffIds },
      history,
    }),
  );
}
