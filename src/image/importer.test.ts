// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { applyChanges } from '#image/config-changes.ts';
import { NOW, openImages } from '#image/image-testing.ts';
import type { ImportOptions } from '#image/importer.ts';
import { archive, directory, file } from '#layer/layer-testing.ts';
import { emptyRunConfig, type RunConfig } from '#oci/image-config.ts';

const OPTIONS: ImportOptions = {
  repository: '',
  tag: '',
  message: '',
  changes: [],
  signal: new AbortController().signal,
};
const ROOT = archive(directory('bin'), file('bin/sh', 'x'));

test('a root file system becomes an image of one layer', async () => {
  await using opened = await openImages();
  const id = await opened.images.import(Readable.from([gzipSync(ROOT)]), {
    ...OPTIONS,
    repository: 'my/root',
    tag: '1',
    message: 'by hand',
    changes: ['CMD ["sh"]', 'ENV A=1'],
  });
  const { image } = await opened.images.resolve('my/root:1');
  assert.equal(image.id, id);
  assert.deepEqual(image.config.cmd, ['sh']);
  assert.deepEqual(image.config.env, ['A=1']);
  assert.deepEqual(image.created, NOW);
  assert.deepEqual(image.platform, { os: 'linux', architecture: 'amd64' });
  assert.equal((await opened.images.history(id, {}))[0]?.comment, 'by hand');
  assert.deepEqual(
    opened.events.map(({ action }) => action),
    ['tag', 'import'],
  );
});

test('what can not be imported is refused and leaves nothing', async () => {
  await using opened = await openImages();
  const bad: [Buffer, Partial<ImportOptions>, RegExp][] = [
    [Buffer.alloc(2000, 'x'), {}, /invalid tar header/],
    [ROOT.subarray(0, 700), {}, /unexpected EOF/],
    [archive(file('../x')), {}, /outside of the layer/],
    [ROOT, { changes: ['RUN x'] }, /RUN is not a valid change command/],
    [ROOT, { repository: 'UP' }, /must be lowercase/],
    [ROOT, { repository: 'x', tag: '!' }, /invalid tag format/],
    [ROOT, { platform: { os: 'windows', architecture: 'amd64' } }, /operating system "windows" is not supported/],
  ];
  for (const [data, options, message] of bad) {
    await assert.rejects(
      opened.images.import(Readable.from([data]), { ...OPTIONS, ...options }),
      (error: Error & { code?: string }) => {
        assert.match(error.message, message);
        return error.code === 'invalid-parameter';
      },
    );
  }
  await opened.stores.layers.stop();
  assert.equal(opened.images.count(), 0);
  assert.deepEqual(
    ['content/blobs/sha256', 'content/ingest', 'layers/staging'].flatMap((name) =>
      readdirSync(join(opened.stores.root, name)),
    ),
    [],
  );
});

const CHANGES: [line: string, expected: Partial<RunConfig>][] = [
  ['CMD ["a", "b c"]', { cmd: ['a', 'b c'] }],
  ['cmd echo hi', { cmd: ['/bin/sh', '-c', 'echo hi'] }],
  ['CMD ["a", 1]', { cmd: ['/bin/sh', '-c', '["a", 1]'] }],
  ['ENTRYPOINT []', { entrypoint: [] }],
  ['ENV a=b c="d e" f=\'g h\' i=j\\ k', { env: ['a=b', 'c=d e', 'f=g h', 'i=j k'] }],
  ['ENV key the  value', { env: ['key=the  value'] }],
  ['ENV q="a \\"b\\" $c"', { env: ['q=a "b" $c'] }],
  ['EXPOSE 80 53/udp 8000-8010', { exposedPorts: ['80/tcp', '53/udp', '8000-8010/tcp'] }],
  ['LABEL a.b="c d" e=', { labels: { 'a.b': 'c d', e: '' } }],
  ['ONBUILD RUN make', { onBuild: ['RUN make'] }],
  ['STOPSIGNAL SIGINT', { stopSignal: 'SIGINT' }],
  ['USER 1000:1000', { user: '1000:1000' }],
  ['VOLUME ["/a", "/b"]', { volumes: ['/a', '/b'] }],
  ['VOLUME /a /b', { volumes: ['/a', '/b'] }],
  ['WORKDIR /a b', { workingDir: '/a b' }],
  [
    'HEALTHCHECK --interval=1m30s --retries=2 CMD curl x',
    { healthcheck: { test: ['CMD-SHELL', 'curl x'], intervalMs: 90_000, retries: 2 } },
  ],
  ['HEALTHCHECK CMD ["a"]', { healthcheck: { test: ['CMD', 'a'] } }],
  ['HEALTHCHECK NONE', { healthcheck: { test: ['NONE'] } }],
  ['# only words\nUSER a', { user: 'a' }],
  ['ENV a=1 \\\n b=2', { env: ['a=1', 'b=2'] }],
];

for (const [line, expected] of CHANGES) {
  test(`${JSON.stringify(line)} changes the configuration as in a Dockerfile`, () => {
    assert.deepEqual(applyChanges(emptyRunConfig(), [line]), { ...emptyRunConfig(), ...expected });
  });
}

test('later changes build on earlier ones', () => {
  const run = applyChanges(emptyRunConfig(), [
    'ENV a=1 b=2',
    'ENV a=3',
    'WORKDIR /x',
    'WORKDIR y',
    'EXPOSE 80',
    'EXPOSE 80/tcp 81',
  ]);
  assert.deepEqual(run.env, ['a=3', 'b=2']);
  assert.equal(run.workingDir, '/x/y');
  assert.deepEqual(run.exposedPorts, ['80/tcp', '81/tcp']);
});

const WRONG: [line: string, message: RegExp][] = [
  ['FROM x', /^FROM is not a valid change command$/],
  ['ENV', /^ENV requires at least one argument$/],
  ['ENV a', /^ENV must have two arguments$/],
  ['ENV a=b c', /can't find = in "c"/],
  ['ENV =b', /names can not be blank/],
  ['EXPOSE abc', /^invalid containerPort: abc$/],
  ['EXPOSE 70000', /^invalid containerPort/],
  ['USER a b', /^USER requires exactly one argument$/],
  ['USER', /^USER requires at least one argument$/],
  ['ONBUILD ONBUILD RUN x', /Chaining ONBUILD/],
  ['ONBUILD FROM x', /FROM isn't allowed as an ONBUILD trigger/],
  ['STOPSIGNAL $(x)', /^invalid signal/],
  ['HEALTHCHECK MAYBE', /^Unknown type "MAYBE" in HEALTHCHECK/],
  ['HEALTHCHECK CMD', /^Missing command after HEALTHCHECK CMD$/],
  ['HEALTHCHECK --interval=soon CMD x', /^time: invalid duration "soon"$/],
  ['HEALTHCHECK --bogus=1 CMD x', /^unknown flag: bogus$/],
];

for (const [line, message] of WRONG) {
  test(`${JSON.stringify(line)} is refused in Docker's words`, () => {
    assert.throws(
      () => applyChanges(emptyRunConfig(), [line]),
      (error: Error & { code?: string }) => {
        assert.match(error.message, message);
        return error.code === 'invalid-parameter';
      },
    );
  });
}
