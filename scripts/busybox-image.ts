// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { END_OF_ARCHIVE, member, tarEntry } from '#tar/writer.ts';

/**
 * Makes the built-in image: a base layer with the skeleton of a root file system and a layer with busybox and its
 * applets, as one archive that is a docker-archive and an OCI layout. The same busybox always gives the same bytes.
 *
 *     node scripts/busybox-image.ts BUSYBOX ARCHIVE
 */
const NAME = 'hoy/busybox:latest';
const MEDIA = 'application/vnd.oci.image';
const ARCHITECTURES: Record<string, string> = { x64: 'amd64' };

const BASE_FOLDERS: [path: string, mode?: number][] = [
  ['bin/'],
  ['dev/'],
  ['etc/'],
  ['home/'],
  ['proc/'],
  ['root/', 0o700],
  ['run/'],
  ['sbin/'],
  ['sys/'],
  ['tmp/', 0o1777],
  ['usr/'],
  ['usr/bin/'],
  ['usr/sbin/'],
  ['var/'],
  ['var/log/'],
  ['var/spool/'],
  ['var/tmp/', 0o1777],
];

const BASE_FILES: [path: string, content: string, mode?: number][] = [
  [
    'etc/passwd',
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n' +
      'www-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  ],
  [
    'etc/group',
    'root:x:0:\ndaemon:x:1:\nbin:x:2:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nwheel:x:10:root\nwww-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n',
  ],
  ['etc/shadow', 'root:*:::::::\ndaemon:*:::::::\nbin:*:::::::\nwww-data:*:::::::\nnobody:*:::::::\n', 0o640],
  ['etc/nsswitch.conf', 'hosts: files dns\n'],
  ['etc/os-release', 'NAME="Hoy busybox"\nID=hoy-busybox\nPRETTY_NAME="Hoy busybox"\n'],
];

interface Blob {
  digest: string;
  bytes: Buffer;
}

function blob(bytes: Buffer | string): Blob {
  const data = Buffer.from(bytes);
  return { digest: `sha256:${createHash('sha256').update(data).digest('hex')}`, bytes: data };
}

const json = (value: unknown): Blob => blob(JSON.stringify(value));
const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`;

function baseLayer(modifyNs: bigint): Blob {
  const folders = BASE_FOLDERS.map(([name, mode = 0o755]) =>
    member(tarEntry({ name, type: 'directory', mode, modifyNs })),
  );
  const link = member(tarEntry({ name: 'var/run', type: 'symbolic-link', mode: 0o777, linkName: '../run', modifyNs }));
  const files = BASE_FILES.map(([name, content, mode = 0o644]) =>
    member(tarEntry({ name, mode, modifyNs }), Buffer.from(content)),
  );
  return blob(Buffer.concat([...folders, ...files, link, END_OF_ARCHIVE]));
}

function appLayer(busybox: string, modifyNs: bigint): Blob {
  const program = member(tarEntry({ name: 'bin/busybox', mode: 0o755, modifyNs }), readFileSync(busybox));
  const applets = execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
  const links = applets
    .filter((name) => name !== 'bin/busybox' && !name.startsWith('.') && /^[\w./[-]+$/.test(name))
    .map((name) => {
      const linkName = posix.relative(posix.dirname(name), 'bin/busybox');
      return member(tarEntry({ name, type: 'symbolic-link', mode: 0o777, linkName, modifyNs }));
    });
  return blob(Buffer.concat([program, ...links, END_OF_ARCHIVE]));
}

function archive(busybox: string): Buffer {
  const modified = new Date(Math.floor(statSync(busybox).mtimeMs / 1000) * 1000);
  const modifyNs = BigInt(modified.getTime()) * 1_000_000n;
  const created = modified.toISOString();
  const layers = [baseLayer(modifyNs), appLayer(busybox, modifyNs)];
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const config = json({
    created,
    architecture,
    os: 'linux',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
    history: [
      { created, created_by: 'skeleton of a root file system' },
      { created, created_by: "busybox of Debian's package busybox-static" },
    ],
  });
  const descriptor = (it: Blob, mediaType: string) => ({ mediaType, digest: it.digest, size: it.bytes.length });
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config: descriptor(config, `${MEDIA}.config.v1+json`),
    layers: layers.map((layer) => descriptor(layer, `${MEDIA}.layer.v1.tar`)),
  });
  const index = json({
    schemaVersion: 2,
    mediaType: `${MEDIA}.index.v1+json`,
    manifests: [
      {
        ...descriptor(manifest, `${MEDIA}.manifest.v1+json`),
        annotations: {
          'io.containerd.image.name': `docker.io/${NAME}`,
          'org.opencontainers.image.ref.name': 'latest',
        },
        platform: { architecture, os: 'linux' },
      },
    ],
  });
  const docker = json([{ Config: pathOf(config), RepoTags: [NAME], Layers: layers.map(pathOf) }]);
  const files: [name: string, content: Blob][] = [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', index],
    ['manifest.json', docker],
    ...[manifest, config, ...layers].map((it): [string, Blob] => [pathOf(it), it]),
  ];
  const folders = ['blobs/', 'blobs/sha256/'].map((name) => member(tarEntry({ name, type: 'directory', modifyNs })));
  const members = files.map(([name, { bytes }]) => member(tarEntry({ name, modifyNs }), bytes));
  return Buffer.concat([...folders, ...members, END_OF_ARCHIVE]);
}

const [busybox, target] = process.argv.slice(2);
if (!busybox || !target) throw new Error('usage: node scripts/busybox-image.ts BUSYBOX ARCHIVE');
writeFileSync(`${target}.part`, archive(busybox));
renameSync(`${target}.part`, target);
