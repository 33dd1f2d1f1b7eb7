// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { END_OF_ARCHIVE, member, tarEntry } from '#tar/writer.ts';
import { type Daemon, expectStatus } from './daemon.ts';
import { projectRoot } from './engine.ts';

const APPLETS = ['sh', 'cat', 'id', 'ls', 'true', 'sleep', 'grep', 'yes'];

export const file = (name: string, content: string | Buffer, mode = 0o644): Buffer =>
  member(tarEntry({ name, mode }), Buffer.from(content));
export const directory = (name: string): Buffer => member(tarEntry({ name, type: 'directory' }));
export const link = (name: string, linkName: string): Buffer =>
  member(tarEntry({ name, linkName, type: 'symbolic-link' }));

/** Loads an image of busybox and `members`; what is among these is all that it has besides /bin. */
export async function loadImage(daemon: Daemon, name: string, members: Buffer[], config: object = {}): Promise<void> {
  const busybox = [
    file('bin/busybox', readFileSync(join(projectRoot, 'build/busybox')), 0o755),
    ...APPLETS.map((applet) => link(`bin/${applet}`, 'busybox')),
  ];
  const layer = Buffer.concat([...busybox, ...members, END_OF_ARCHIVE]);
  const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const imageConfig = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'], ...config },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  const archive = Buffer.concat([
    file('layer.tar', layer),
    file('config.json', JSON.stringify(imageConfig)),
    file('manifest.json', JSON.stringify(manifest)),
    END_OF_ARCHIVE,
  ]);
  expectStatus(await daemon.api.post('/images/load?quiet=1', archive), 200);
}
