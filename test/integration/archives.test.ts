// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { END_OF_ARCHIVE, member, tarEntry } from '#tar/writer.ts';
import { run } from '#test/support/command.ts';
import { BUSYBOX, sharedDaemon } from '#test/support/daemon.ts';
import { projectRoot } from '#test/support/engine.ts';

const archive = readFileSync(join(projectRoot, 'dist/busybox.tar'));

describe('archives that lie or are broken', () => {
  const daemon = sharedDaemon();
  const load = (bytes: Uint8Array) => daemon().api.post('/images/load?quiet=1', bytes);
  const importRoot = (bytes: Uint8Array, repo: string) =>
    daemon().api.post(`/images/create?fromSrc=-&repo=${repo}`, bytes);
  const images = async () => (await daemon().api.get('/images/json?all=1')).json.map((it: { Id: string }) => it.Id);

  const failed = (answer: { status: number; text: string }) => answer.status >= 400 || answer.text.includes('"error"');

  test('what is not an archive, cut short, or altered is refused, and leaves nothing', async () => {
    const before = await images();
    const altered = Buffer.from(archive);
    const at = altered.indexOf('PRETTY_NAME');
    altered.write('ALTERED', at);
    const cases: Record<string, Uint8Array> = {
      empty: new Uint8Array(),
      noise: randomBytes(10_000),
      'cut in a blob': archive.subarray(0, 500_000),
      'cut in a gzip stream': gzipSync(archive, { level: 1 }).subarray(0, 200_000),
      'cut in a zstd stream': zstdCompressSync(archive).subarray(0, 200_000),
      'a layer that is not what its digest says': altered,
      'no manifest': Buffer.concat([member(tarEntry({ name: 'x' }), Buffer.from('x')), END_OF_ARCHIVE]),
      'a manifest that is not JSON': Buffer.concat([
        member(tarEntry({ name: 'manifest.json' }), Buffer.from('[{')),
        END_OF_ARCHIVE,
      ]),
      'a manifest that names a file outside': Buffer.concat([
        member(
          tarEntry({ name: 'manifest.json' }),
          Buffer.from('[{"Config":"../../etc/passwd","RepoTags":["a:b"],"Layers":["/etc/shadow"]}]'),
        ),
        END_OF_ARCHIVE,
      ]),
    };
    for (const [what, bytes] of Object.entries(cases)) {
      const answer = await load(bytes);
      assert.ok(failed(answer), `${what}: ${answer.status} ${answer.text}`);
    }
    assert.deepEqual(await images(), before);
    const ingest = join(daemon().places.dataRoot, 'images', 'ingest');
    assert.deepEqual(existsSync(ingest) ? readdirSync(ingest) : [], []);
    assert.equal((await daemon().docker(['run', '--rm', '--network', 'none', BUSYBOX, 'true'])).code, 0);
  });

  test('entries that point outside are refused or stay inside', async () => {
    const target = join(daemon().places.directory, 'outside');
    writeFileSync(target, 'untouched');
    const hash = () => createHash('sha256').update(readFileSync(target)).digest('hex');
    const before = hash();
    const evil = Buffer.from('overwritten');
    const cases: Record<string, Buffer[]> = {
      'dot dot': [member(tarEntry({ name: `../../../../../../../..${target}` }), evil)],
      absolute: [member(tarEntry({ name: target }), evil)],
      'through a symbolic link': [
        member(tarEntry({ name: 'link', type: 'symbolic-link', linkName: daemon().places.directory })),
        member(tarEntry({ name: 'link/outside' }), evil),
      ],
      'hard link to a file outside': [
        member(tarEntry({ name: 'hard', type: 'hard-link', linkName: target })),
        member(tarEntry({ name: 'hard' }), evil),
      ],
      'whiteout of what is outside': [
        member(tarEntry({ name: `../../../../../../../..${daemon().places.directory}/.wh.outside` })),
      ],
    };
    for (const [what, members] of Object.entries(cases)) {
      await importRoot(Buffer.concat([...members, END_OF_ARCHIVE]), `evil${what.length}`);
      assert.ok(existsSync(target), what);
      assert.equal(hash(), before, what);
    }
  });

  test('a bomb stops at the free space or the end of the client, and the engine stays small', async () => {
    const zeros = zstdCompressSync(Buffer.alloc(64 << 20));
    const answer = await importRoot(zeros, 'zeros');
    assert.ok(answer.status > 0);
    const status = readFileSync(`/proc/${daemon().pid}/status`, 'utf8');
    const rssKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
    assert.ok(rssKb < 400_000, `${rssKb} KiB`);
  });

  test('what docker saved, skopeo and podman made, is loaded', async () => {
    const layout = join(daemon().places.directory, 'layout.tar');
    const copied = await run('skopeo', [
      'copy',
      `docker-archive:${projectRoot}/dist/busybox.tar`,
      `oci-archive:${layout}:copied/image:v1`,
    ]);
    assert.equal(copied.code, 0, copied.stderr);
    const answer = await load(readFileSync(layout));
    assert.ok(!failed(answer), answer.text);
  });
});
